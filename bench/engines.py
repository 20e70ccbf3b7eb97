"""Queries of TPC-H or TPC-DS in the local engine and in a cluster that speaks Spark Connect: whether the values are equal, and the times.

    python bench/engines.py --endpoint sc://127.0.0.1:15002 [--suite tpch] [--scale 0.1] [--queries 1,5,22]

Needs a compiled Skua, RustFS, and the packages of bench/requirements.txt.
"""

import argparse
import json
import pathlib
import re
import sys
import tempfile
import time

import duckdb
import pyarrow.parquet as pq

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.store import S3Server, generate, ingest  # noqa: E402

HERE = pathlib.Path(__file__).parent
TPCH_TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]


def tpch(folder, scale):
    generate(folder, scale, TPCH_TABLES)
    text = (HERE / "support" / "tpch.sql").read_text()
    return TPCH_TABLES, dict(re.findall(r"^-- (\d+)\n(.*?);$", text, re.M | re.S))


def tpcds(folder, scale):
    import duckdb_extensions

    duckdb_extensions.import_extension("tpcds")
    database = duckdb.connect()
    database.load_extension("tpcds")
    database.sql(f"CALL dsdgen(sf = {scale})")
    tables = [name for (name,) in database.sql("SHOW TABLES").fetchall()]
    for name in tables:
        database.sql(f"COPY {name} TO '{folder}/{name}.parquet' (FORMAT parquet)")
    queries = database.sql("SELECT query_nr, query FROM tpcds_queries()").fetchall()
    return tables, {str(number): text.rstrip().rstrip(";") for number, text in queries}


def difference(rows, expected, ordered):
    """The first value that differs; floats to twelve digits, since a sum of them hangs on the order of its parts."""
    if len(rows) != len(expected):
        return f"{len(rows)} rows, not {len(expected)}"
    if not ordered:
        key = lambda row: [(value is None, str(value)) for value in row if not isinstance(value, float)]
        rows, expected = sorted(rows, key=key), sorted(expected, key=key)
    for number, (row, other) in enumerate(zip(rows, expected)):
        for value, wanted in zip(row, other):
            close = isinstance(wanted, float) and value is not None and abs(value - wanted) <= 1e-12 * abs(wanted)
            if not close and value != wanted and not (value != value and wanted != wanted):
                return f"row {number}: {value!r} is not {wanted!r}"
    return None


def run(connection, text):
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(text)
        table = cursor.fetch_arrow_table()
    rows = list(zip(*(column.to_pylist() for column in table.columns)))
    return rows, [str(field.type) for field in table.schema], time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--suite", choices=["tpch", "tpcds"], default="tpch")
    parser.add_argument("--scale", default="0.1")
    parser.add_argument("--queries", default="")
    parser.add_argument("--results")
    options = parser.parse_args()
    settings = f'[engines.cluster]\nkind = "spark-connect"\nendpoint = "{options.endpoint}"\ntls = false\n'
    server = S3Server(settings)
    outcomes = {}
    try:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            tables, queries = {"tpch": tpch, "tpcds": tpcds}[options.suite](folder, options.scale)
            for table in tables:
                ingest(server, folder, table)
        wanted = options.queries.split(",") if options.queries else list(queries)
        with server.connect() as connection:
            for number in wanted:
                outcomes[number] = compare(connection, queries[number])
                print(number, *outcomes[number].values(), flush=True)
    finally:
        server.stop()
    equal = sum(outcome["outcome"] == "equal" for outcome in outcomes.values())
    ran = sum("there" in outcome for outcome in outcomes.values())
    print(f"{equal} equal of {ran} that ran there, of {len(outcomes)}")
    if options.results:
        pathlib.Path(options.results).write_text(json.dumps(outcomes, indent=1))


def compare(connection, text):
    expected, types, here = run(connection, text)
    try:
        rows, other_types, there = run(connection, "/*+ engine(cluster) */ " + text)
    except Exception as error:
        return {"outcome": str(error).split("\n")[0][:300], "here": f"{here:.2f} s"}
    ordered = re.search(r"\border by\b(?!.*\border by\b)", text, re.I | re.S) is not None
    found = difference(rows, expected, ordered)
    if found and ordered and difference(rows, expected, False) is None:
        found = None
    if types != other_types:
        found = f"types {other_types}, not {types}"
    return {"outcome": found or "equal", "here": f"{here:.2f} s", "there": f"{there:.2f} s"}


main()
