"""Bytes that TPC-H queries 1, 6 and 14 fetch at scale 1, beside the bytes of the column chunks that they name. Needs RustFS.

    node scripts/setup.mjs && python bench/bytes.py
"""

import argparse
import pathlib
import re
import sys
import tempfile

import duckdb

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from support.server import versions  # noqa: E402
from support.store import S3Server, check, generate, ingest  # noqa: E402

QUERIES = {
    "1": (
        """SELECT l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice),
           sum(l_extendedprice * (1 - l_discount)), sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)),
           avg(l_quantity), avg(l_extendedprice), avg(l_discount), count(*)
           FROM lineitem WHERE l_shipdate <= DATE '1998-12-01' - INTERVAL '90' DAY
           GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus""",
        {
            "lineitem": "l_returnflag l_linestatus l_quantity l_extendedprice l_discount l_tax l_shipdate",
        },
    ),
    "6": (
        """SELECT sum(l_extendedprice * l_discount) FROM lineitem
           WHERE l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1994-01-01' + INTERVAL '1' YEAR
           AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24""",
        {"lineitem": "l_shipdate l_discount l_quantity l_extendedprice"},
    ),
    "14": (
        """SELECT 100.00 * sum(CASE WHEN p_type LIKE 'PROMO%' THEN l_extendedprice * (1 - l_discount) ELSE 0 END)
           / sum(l_extendedprice * (1 - l_discount)) FROM lineitem, part WHERE l_partkey = p_partkey
           AND l_shipdate >= DATE '1995-09-01' AND l_shipdate < DATE '1995-09-01' + INTERVAL '1' MONTH""",
        {"lineitem": "l_partkey l_extendedprice l_discount l_shipdate", "part": "p_partkey p_type"},
    ),
}


def chunk_bytes(files, columns):
    """Compressed bytes of the column chunks of those columns, and of all columns."""
    wanted = everything = 0
    for path, metadata in files:
        table = next((table for table in columns if f"/{table}" in path), None)
        for group in range(metadata.num_row_groups) if table else ():
            for index in range(metadata.num_columns):
                chunk = metadata.row_group(group).column(index)
                everything += chunk.total_compressed_size
                wanted += chunk.total_compressed_size * (chunk.path_in_schema in columns[table])
    return wanted, everything


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", default="1")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="skua-bytes-") as name:
        folder = pathlib.Path(name)
        generate(folder, options.scale, ["lineitem", "part"])
        expected = duckdb.connect()
        for table in ("lineitem", "part"):
            expected.execute(f"CREATE VIEW {table} AS FROM '{folder}/{table}.parquet'")
        with S3Server() as server:
            for table in ("lineitem", "part"):
                ingest(server, folder, table)
            files = list(server.parquet_files())
            print(versions())
            print("| query | column chunks named, MB | fetched, MB | from the store in all, MB | fetched of named | of all columns |")
            print("| --- | --- | --- | --- | --- | --- |")
            for number, (sql, tables) in QUERIES.items():
                server.restart()
                before = server.sent()
                with server.connect() as connection, connection.cursor() as cursor:
                    cursor.execute(f"EXPLAIN ANALYZE {sql}")
                    plan = "\n".join(row[0] for row in cursor.fetchall())
                    sent = server.sent() - before
                    cursor.execute(sql)
                    check(cursor.fetchall(), expected.execute(sql).fetchall())
                fetched = sum(int(found) for found in re.findall(r"fetched: (\d+) bytes from the store", plan))
                named, everything = chunk_bytes(files, {table: names.split() for table, names in tables.items()})
                print(
                    f"| {number} | {named / 1e6:.2f} | {fetched / 1e6:.2f} | {sent / 1e6:.2f} | {fetched / named:.3f}"
                    f" | {fetched / everything:.3f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
