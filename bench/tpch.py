"""The 22 queries of TPC-H over Flight SQL, cold and warm, beside DuckDB on the same rows in local Parquet files. Needs RustFS.

    node scripts/setup.mjs && RUSTFS_BINARY=<path> python bench/tpch.py
"""

import argparse
import pathlib
import re
import sys
import tempfile
import time

import duckdb

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from support.server import spread, versions  # noqa: E402
from support.store import S3Server, check, generate, ingest  # noqa: E402

TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]
TEXT = (pathlib.Path(__file__).parent / "support" / "tpch.sql").read_text()
QUERIES = dict(re.findall(r"^-- (\d+)\n(.*?);$", TEXT, re.M | re.S))


def over_the_wire(cursor, sql):
    started = time.perf_counter()
    cursor.execute(sql)
    table = cursor.fetch_arrow_table()
    return time.perf_counter() - started, table


def beside_it(peer, sql):
    started = time.perf_counter()
    table = peer.execute(sql).to_arrow_table()
    return time.perf_counter() - started, table


def rows(table):
    return list(zip(*(column.to_pylist() for column in table.columns)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", default="1")
    parser.add_argument("--runs", type=int, default=3, help="warm runs of each query")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="skua-tpch-") as name:
        folder = pathlib.Path(name)
        generate(folder, options.scale, TABLES)
        peer = duckdb.connect()
        for table in TABLES:
            peer.execute(f"CREATE VIEW {table} AS FROM '{folder}/{table}.parquet'")
        with S3Server() as server:
            for table in TABLES:
                ingest(server, folder, table)
            print(versions())
            server.restart()
            cold, warm, local = {}, {}, {}
            with server.connect() as connection, connection.cursor() as cursor:
                for number, sql in QUERIES.items():
                    cold[number], table = over_the_wire(cursor, sql)
                    check(rows(table), rows(beside_it(peer, sql)[1]))
                for number, sql in QUERIES.items():
                    warm[number] = [over_the_wire(cursor, sql)[0] for _ in range(options.runs)]
                    local[number] = [beside_it(peer, sql)[0] for _ in range(options.runs)]
            report(cold, warm, local)


def report(cold, warm, local):
    print("| query | cold, s | warm, s | DuckDB on local Parquet, s | warm to DuckDB |")
    print("| --- | --- | --- | --- | --- |")
    middle = lambda values: sorted(values)[len(values) // 2]
    for number in QUERIES:
        ratio = middle(warm[number]) / middle(local[number])
        print(f"| {number} | {cold[number]:.2f} | {spread(warm[number])} | {spread(local[number])} | {ratio:.2f} |")
    sums = [sum(cold.values()), sum(map(middle, warm.values())), sum(map(middle, local.values()))]
    print(f"| all | {sums[0]:.2f} | {sums[1]:.2f} | {sums[2]:.2f} | {sums[1] / sums[2]:.2f} |")


if __name__ == "__main__":
    main()
