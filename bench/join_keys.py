"""Bytes that joins with a small table fetch of TPC-H lineitem by month, with and without the join's keys. Needs RustFS.

    node scripts/setup.mjs && python bench/join_keys.py
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

TABLES = (
    """CREATE TABLE dates AS SELECT day::DATE AS day, year(day) AS year, quarter(day) AS quarter, dayname(day) AS weekday
       FROM range(DATE '1992-01-01', DATE '1999-01-01', INTERVAL 1 DAY) AS days(day)""",
    "CREATE TABLE lines {partitions} AS SELECT * FROM lineitem ORDER BY l_shipdate",
)

# KEY stands for the key of the large side; written as an expression that may differ from row to row, nothing can be learnt from it.
QUERIES = {
    "one quarter": """SELECT sum(l_extendedprice), count(*) FROM lines JOIN dates ON KEY = day
                      WHERE year = 1994 AND quarter = 2""",
    "IN, the same": """SELECT sum(l_extendedprice), count(*) FROM lines
                       WHERE KEY IN (SELECT day FROM dates WHERE year = 1994 AND quarter = 2)""",
    "every first quarter": """SELECT year, sum(l_quantity) FROM lines JOIN dates ON KEY = day WHERE quarter = 1
                              GROUP BY year ORDER BY year""",
    "mondays": """SELECT sum(l_extendedprice), count(*) FROM lines JOIN dates ON KEY = day WHERE weekday = 'Monday'""",
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", default="1")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="skua-join-keys-") as name:
        folder = pathlib.Path(name)
        generate(folder, options.scale, ["lineitem"])
        expected = duckdb.connect()
        expected.execute(f"CREATE VIEW lineitem AS FROM '{folder}/lineitem.parquet'")
        with S3Server() as server:
            ingest(server, folder, "lineitem")
            for table in TABLES:
                expected.execute(table.format(partitions=""))
                with server.connect() as connection, connection.cursor() as cursor:
                    cursor.execute(table.format(partitions="PARTITIONED BY (month(l_shipdate))"))
                    cursor.fetchall()
            print(versions())
            print("| join | files planned | fetched, MB | without keys: files | fetched, MB | ratio |")
            print("| --- | --- | --- | --- | --- | --- |")
            for what, sql in QUERIES.items():
                rows = expected.execute(sql.replace("KEY", "l_shipdate")).fetchall()
                files, fetched = measure(server, sql.replace("KEY", "l_shipdate"), rows)
                all_files, without = measure(server, sql.replace("KEY", "CASE WHEN random() >= 0 THEN l_shipdate END"), rows)
                print(
                    f"| {what} | {files} | {fetched / 1e6:.2f} | {all_files} | {without / 1e6:.2f} | {fetched / without:.3f} |",
                    flush=True,
                )


def measure(server, sql, expected):
    """Files planned of the large table, and bytes from the store for both, with an empty cache."""
    server.restart()
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN ANALYZE {sql}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute(sql)
        check(cursor.fetchall(), expected)
    lines = plan[plan.index("lines, snapshot") :]
    planned = re.search(r"files: (\d+ planned of \d+)", lines).group(1).replace(" planned", "")
    return planned, sum(int(found) for found in re.findall(r"fetched: (\d+) bytes from the store", plan))


if __name__ == "__main__":
    main()
