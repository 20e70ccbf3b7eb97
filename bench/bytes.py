"""Bytes that TPC-H queries 1, 6 and 14 fetch at scale 1, beside the bytes of the column chunks that they name. Needs RustFS.

    node scripts/setup.mjs && python bench/bytes.py
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

import adbc_driver_flightsql.dbapi as adbc
import duckdb
import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from support.server import ROOT, Server, versions  # noqa: E402

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


class S3Server(Server):
    script = ROOT / "bench" / "support" / "s3-server.mjs"

    def __init__(self):
        super().__init__(["node", str(self.script)])

    def restart(self):
        self.write("restart")
        self.read_addresses()

    def sent(self):
        self.write("sent")
        return int(self.process.stdout.readline())

    def write(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def connect(self):
        headers = {"adbc.flight.sql.authorization_header": f"Bearer {self.admin_token}"}
        return adbc.connect(self.uri, db_kwargs=headers, autocommit=True)

    def parquet_files(self):
        """The tables' files as the store has them, read with its own keys, past Skua."""
        endpoint, key, secret = self.details.split(" ")[1:]
        store = pa.fs.S3FileSystem(
            access_key=key, secret_key=secret, endpoint_override=endpoint, region="us-east-1"
        )
        for file in store.get_file_info(pa.fs.FileSelector("warehouse", recursive=True)):
            if file.path.endswith(".parquet"):
                yield file.path, pq.ParquetFile(file.path, filesystem=store).metadata


def ingest(server, folder, table):
    schema = pq.read_schema(folder / f"{table}.parquet")
    view = pa.string_view()
    schema = pa.schema([f.with_type(pa.string()) if f.type == view else f for f in schema]).remove_metadata()
    batches = (batch.cast(schema) for batch in pq.ParquetFile(folder / f"{table}.parquet").iter_batches(65_536))
    with server.connect() as connection, connection.cursor() as cursor:
        reader = pa.RecordBatchReader.from_batches(schema, batches)
        cursor.adbc_ingest(table, reader, mode="create", catalog_name="quickstart", db_schema_name="demo")


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
        tpchgen = pathlib.Path(sys.executable).parent / "tpchgen-cli"
        command = [tpchgen, "parquet", "-s", options.scale, "--tables", "lineitem,part", "--output-dir", folder]
        subprocess.run(command, check=True, capture_output=True)
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


def check(rows, expected):
    assert len(rows) == len(expected), rows
    for row, other in zip(rows, expected):
        for value, wanted in zip(row, other):
            same = abs(value - wanted) <= 1e-9 * abs(wanted) if isinstance(wanted, float) else value == wanted
            assert same, f"{value} is not {wanted}"


if __name__ == "__main__":
    main()
