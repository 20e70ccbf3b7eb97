"""Writes the kept files of this folder, which DuckDB can't write: `python generate.py`, with pyarrow 26.0.1."""

import datetime
import decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

folder = Path(__file__).parent


def table(columns):
    fields = [
        pa.field(name, kind, metadata={"PARQUET:field_id": str(number)})
        for number, (name, (kind, _)) in enumerate(columns.items(), 1)
    ]
    return pa.table([pa.array(values, kind) for kind, values in columns.values()], schema=pa.schema(fields))


def int96():
    times = [datetime.datetime(2020, 6, 1, 12), None, datetime.datetime(1960, 1, 2, 3, 4, 5, 678901)]
    both = table({"clock": (pa.timestamp("us"), times), "instant": (pa.timestamp("us"), times)})
    pq.write_table(both, folder / "int96.parquet", use_deprecated_int96_timestamps=True)


def byte_stream_split(name, rows, **options):
    def some(make):
        return [None if i % 7 == 3 else make(i) for i in range(rows)]

    columns = {
        "i": (pa.int32(), some(lambda i: i * 100003 - 5)),
        "l": (pa.int64(), some(lambda i: i * 10000000019 - 5)),
        "d": (pa.date32(), some(lambda i: i - 3)),
        "t": (pa.timestamp("us"), some(lambda i: i * 86400000007 - 1)),
        "f": (pa.float32(), some(lambda i: i / 4)),
        "g": (pa.float64(), some(lambda i: i / 3)),
        "m": (pa.decimal128(38, 2), some(lambda i: decimal.Decimal(i * 7 - 3) / 4)),
        "x": (pa.binary(5), some(lambda i: bytes([i % 256, 1, 2, 3, 255]))),
        "n": (pa.int32(), list(range(rows))),
        "a": (pa.list_(pa.int32()), some(lambda i: [i, None, -i] if i % 2 else [])),
    }
    encodings = {c: "BYTE_STREAM_SPLIT" for c in columns if c != "a"} | {"a.list.element": "BYTE_STREAM_SPLIT"}
    pq.write_table(
        table(columns), folder / f"{name}.parquet", use_dictionary=False, column_encoding=encodings, **options
    )


int96()
byte_stream_split("split-v1", 50, compression="snappy", data_page_version="1.0", data_page_size=64, write_batch_size=16)
byte_stream_split("split-v2", 50, compression="zstd", data_page_version="2.0", data_page_size=64, write_batch_size=16)
byte_stream_split("split-gzip", 20, compression="gzip")
byte_stream_split("split-plain", 20, compression="none")
