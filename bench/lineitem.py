"""SELECT * of TPC-H lineitem at scale 1 (6,001,215 rows) through pyarrow.flight: values, speed, and the server's memory.

    node scripts/setup.mjs && python bench/lineitem.py
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import adbc_driver_flightsql.dbapi as adbc
import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from support.contestants import CppFlight  # noqa: E402
from support.flight import FlightSql  # noqa: E402
from support.server import MemorySamples, Server, spread, versions  # noqa: E402

EVERYTHING = "SELECT * FROM lineitem"
NUMBERS = "SELECT l_orderkey, l_partkey, l_suppkey, l_linenumber FROM lineitem"
KEY = [("l_orderkey", "ascending"), ("l_linenumber", "ascending")]
# Runs for hours unless somebody stops it.
ENDLESS = "SELECT a.range AS a, b.range AS b FROM range(1000000000) a, range(1000000000) b"


def plain(schema):
    """String views, which the generator writes, as strings."""
    fields = [field.with_type(pa.string()) if field.type == pa.string_view() else field for field in schema]
    return pa.schema([field.remove_metadata() for field in fields])


def read_source(path):
    table = pq.read_table(path)
    return table.cast(plain(table.schema))


def ingest(server, source):
    headers = {"adbc.flight.sql.authorization_header": f"Bearer {server.admin_token}"}
    with adbc.connect(server.uri, db_kwargs=headers) as connection, connection.cursor() as cursor:
        file = pq.ParquetFile(source)
        schema = plain(file.schema_arrow)
        batches = (batch.cast(schema) for batch in file.iter_batches(65_536))
        reader = pa.RecordBatchReader.from_batches(schema, batches)
        started = time.perf_counter()
        cursor.adbc_ingest("lineitem", reader, mode="create", catalog_name="quickstart", db_schema_name="demo")
        return time.perf_counter() - started


def check_values(table, source):
    """Every value of every column, rows matched by their key."""
    expected = read_source(source).sort_by(KEY)
    assert table.schema.names == expected.schema.names, table.schema
    assert table.num_rows == expected.num_rows, table.num_rows
    order = pc.sort_indices(table, sort_keys=KEY)
    for field in expected.schema:
        column = table[field.name].take(order)
        assert column.type == field.type, f"{field.name} is {column.type}, was {field.type}"
        assert pc.all(pc.equal(column, expected[field.name])).as_py(), f"{field.name} differs"
        assert column.null_count == expected[field.name].null_count == 0


def checksums(table):
    columns = ", ".join(f"sum(hash({name})::HUGEINT)::VARCHAR" for name in table.schema.names)
    return duckdb.from_arrow(table).aggregate(f"count(*), {columns}").fetchone()


def timed(client, sql):
    started = time.perf_counter()
    table = client.table(sql)
    return time.perf_counter() - started, table


def measure(server, clients, sql, runs, expected):
    """Seconds by client, bytes of the result, and the highest resident memory of the server."""
    seconds, bytes_read = [[] for _ in clients], 0
    for client in clients:
        timed(client, sql)
    with MemorySamples(server) as memory:
        for _ in range(runs):
            for client, durations in zip(clients, seconds):
                duration, table = timed(client, sql)
                durations.append(duration)
                bytes_read = table.nbytes
                assert checksums(table) == expected, "the checksums differ"
                del table
    return seconds, bytes_read, memory.peak


def slow_client(server, client, seconds):
    """Reads a message, sleeps 50 ms, and so on. Resident memory of the server meanwhile."""
    reader = client.reader(EVERYTHING)
    reader.read_chunk()
    with MemorySamples(server) as memory:
        until = time.perf_counter() + seconds
        rows = 0
        while time.perf_counter() < until:
            rows += reader.read_chunk().data.num_rows
            time.sleep(0.05)
        reader.cancel()
    return rows, memory


def gone_client(server, token):
    """Leaves an endless query in the middle: seconds until the server's process rests."""
    client = FlightSql(server.uri, token)
    reader = client.reader(ENDLESS)
    for _ in range(20):
        reader.read_chunk()
    left = time.perf_counter()
    reader.cancel()
    client.close()
    while True:
        before = server.cpu_seconds()
        time.sleep(0.25)
        if server.cpu_seconds() - before <= 0.02:
            return time.perf_counter() - left - 0.25
        assert time.perf_counter() - left < 30, "the query still runs"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--scale", default="1")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="skua-lineitem-") as folder:
        tpchgen = pathlib.Path(sys.executable).parent / "tpchgen-cli"
        subprocess.run(
            [tpchgen, "parquet", "-s", options.scale, "--tables", "lineitem", "--output-dir", folder],
            check=True,
            capture_output=True,
        )
        source = pathlib.Path(folder) / "lineitem.parquet"
        original = read_source(source)
        everything, numbers = checksums(original), checksums(original.select(original.schema.names[:4]))
        rows = original.num_rows
        del original
        data = pathlib.Path(folder) / "data"
        with Server.embedded(data) as server, MemorySamples(server) as memory:
            duration = ingest(server, source)
        print(versions())
        print(f"ingest of {rows} rows through ADBC: {duration:.1f} s, server at most {memory.peak:.0f} MB resident")
        with Server.embedded(data) as server:
            client = FlightSql(server.uri, server.admin_token)
            idle, _ = server.resident()
            check_values(client.table(EVERYTHING), source)
            print(f"all {rows} rows and their values are those of the source")
            print("| columns | Skua, s | MB/s of Arrow data | at most, MB resident | Arrow C++ Flight and DuckDB, s | ratio |")
            print("| --- | --- | --- | --- | --- | --- |")
            peer = CppFlight(source)
            for name, sql, expected in [("16", EVERYTHING, everything), ("4 of integers", NUMBERS, numbers)]:
                (own, others), size, peak = measure(server, (client, peer), sql, options.runs, expected)
                speed = spread([size / 1e6 / value for value in own])
                ratio = statistics.median(own) / statistics.median(others)
                print(f"| {name} | {spread(own)} | {speed} | {peak:.0f} | {spread(others)} | {ratio:.2f} |", flush=True)
            peer.stop()
            rows_read, memory = slow_client(server, client, 15)
            print(
                f"slow client: {rows_read} rows in 15 s, server {min(memory.values):.0f} to {max(memory.values):.0f} MB"
                f" (idle after start: {idle:.0f} MB)"
            )
            gone = gone_client(server, server.admin_token)
            print(f"client gone: the server's process rests {gone:.2f} s later")
            client.close()


if __name__ == "__main__":
    main()
