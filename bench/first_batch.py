"""Time until the first batch of SELECT * over tables of 1, 10 and 100 GB, with an empty cache.

    node scripts/setup.mjs && .cache/bench/bin/python bench/first_batch.py [--old <folder of another build>]

The larger tables are lists of many names for the same bytes, which a store makes up.
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import pyarrow.parquet as pq  # noqa: E402
from support.contestants import Skua, Stack  # noqa: E402
from support.server import ROOT, versions  # noqa: E402


def first_batch(skua, table, read_all):
    """Seconds until the first batch, and until the end where all is read."""
    client = skua.flight()
    started = time.perf_counter()
    reader = client.reader(f"SELECT * FROM {table}")
    rows = reader.read_chunk().data.num_rows
    first = time.perf_counter() - started
    if not read_all:
        reader.cancel()
        return first, None
    for chunk in reader:
        rows += chunk.data.num_rows
    return first, time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--old", help="the folder of another build of Skua")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--sizes", default="1,10,100", help="in GB")
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    with tempfile.TemporaryDirectory(prefix="skua-first-") as folder:
        tpchgen = pathlib.Path(sys.executable).parent / "tpchgen-cli"
        command = [tpchgen, "parquet", "-s", "1", "--tables", "lineitem", "--output-dir", folder]
        subprocess.run(command, check=True, capture_output=True)
        file = pathlib.Path(folder) / "lineitem.parquet"
        stack = Stack(copied=file)
        try:
            print(versions())
            catalog = stack.pyiceberg()
            catalog.create_namespace_if_not_exists("demo")
            for size in sizes:
                count = max(1, round(size * 1e9 / file.stat().st_size))
                table = catalog.create_table(f"demo.gb_{size}", schema=pq.read_schema(file))
                names = [f"s3://warehouse/copies/{size}-{number}.parquet" for number in range(count)]
                table.add_files(names, check_duplicate_files=False)
                print(f"{size} GB: {count} files", flush=True)
            builds = [("Skua", ROOT), *([("the other build", options.old)] if options.old else [])]
            for size in sizes:
                for name, root in builds:
                    if name != "Skua" and size > 10:
                        continue
                    runs = [one_run(stack, root, f"gb_{size}", size == sizes[0]) for _ in range(options.runs)]
                    firsts = [first for first, _ in runs]
                    ends = [end for _, end in runs if end is not None]
                    print(
                        f"| {size} GB | {name} | {statistics.median(firsts):.2f} s ({min(firsts):.2f} to {max(firsts):.2f})"
                        f" | {f'{statistics.median(ends):.1f} s' if ends else ''} |",
                        flush=True,
                    )
        finally:
            stack.stop()


def one_run(stack, root, table, read_all):
    skua = Skua(stack, root)
    try:
        skua.flight().table("SELECT 1")
        return first_batch(skua, table, read_all)
    finally:
        skua.stop()


if __name__ == "__main__":
    main()
