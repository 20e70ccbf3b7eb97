"""Streams in the IPC format, in forms that clients write and Skua does not: with pyarrow 26, `python generate.py` in this folder."""

import pyarrow as pa


def write(name, batches, **options):
    with pa.OSFile(f"{name}.arrows", "wb") as file:
        with pa.ipc.new_stream(file, batches[0].schema, options=pa.ipc.IpcWriteOptions(**options)) as stream:
            for batch in batches:
                stream.write_batch(batch)


def column(array):
    return pa.record_batch([array], names=["d"])


rows = pa.record_batch({
    "id": pa.array(range(200)),
    "s": pa.array([None if i % 7 == 0 else f"text {i % 13}" for i in range(200)]),
    "e": pa.array([""] * 200),
    "n": pa.nulls(200, pa.int32()),
})
for codec in ("lz4", "zstd"):
    write(codec, [rows, rows], compression=codec)

few = column(pa.DictionaryArray.from_arrays(pa.array([0, 1, None, 0]), pa.array(["a", "b"])))
more = column(pa.DictionaryArray.from_arrays(pa.array([0, 2, 3]), pa.array(["a", "b", None, "d"])))
others = column(pa.DictionaryArray.from_arrays(pa.array([0, 1, 0]), pa.array(["x", "y"])))
write("delta", [few, more], emit_dictionary_deltas=True)
write("replaced", [few, others])

lists = pa.ListViewArray.from_arrays(pa.array([2, 0, 1, 0]), pa.array([2, 3, 0, 1]), pa.array(["a", "b", None, "d"]))
large = pa.LargeListViewArray.from_arrays(
    pa.array([0, 0, 0, 3], pa.int64()),
    pa.array([2, 2, 0, 1], pa.int64()),
    pa.array([1, 2, 3, 4]),
    mask=pa.array([False, False, True, False]),
)
runs = pa.RunEndEncodedArray.from_arrays(pa.array([1, 3, 4], pa.int16()), pa.array(["x", None, "z"]))
structs = pa.RunEndEncodedArray.from_arrays(pa.array([2, 4], pa.int64()), pa.array([{"q": 1}, {"q": None}]))
nested = pa.StructArray.from_arrays([lists, runs], ["l", "r"])
forms = pa.record_batch([lists, large, runs, structs, nested], names=["lists", "large", "runs", "structs", "nested"])
write("views-and-runs", [forms, forms.slice(1, 3)])
