"""A server whose tables lie in a real RustFS, filled with TPC-H through Skua's own bulk ingest."""

import math
import pathlib
import subprocess
import sys

import adbc_driver_flightsql.dbapi as adbc
import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

from .server import ROOT, Server


class S3Server(Server):
    script = ROOT / "bench" / "support" / "s3-server.mjs"

    def __init__(self, settings=""):
        super().__init__(["node", str(self.script), settings])

    def restart(self):
        """Starts the server anew; its caches are empty then."""
        self.write("restart")
        self.read_addresses()

    def sent(self):
        """Bytes that the store has sent so far."""
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


def generate(folder, scale, tables):
    """TPC-H tables as Parquet files."""
    tpchgen = pathlib.Path(sys.executable).parent / "tpchgen-cli"
    command = [tpchgen, "parquet", "-s", scale, "--tables", ",".join(tables), "--output-dir", folder]
    subprocess.run(command, check=True, capture_output=True)


def ingest(server, folder, table):
    schema = pq.read_schema(folder / f"{table}.parquet")
    view = pa.string_view()
    schema = pa.schema([f.with_type(pa.string()) if f.type == view else f for f in schema]).remove_metadata()
    batches = (batch.cast(schema) for batch in pq.ParquetFile(folder / f"{table}.parquet").iter_batches(65_536))
    with server.connect() as connection, connection.cursor() as cursor:
        reader = pa.RecordBatchReader.from_batches(schema, batches)
        cursor.adbc_ingest(table, reader, mode="create", catalog_name="quickstart", db_schema_name="demo")


def check(rows, expected):
    """Every value equal; floats to nine digits."""
    assert len(rows) == len(expected), f"{len(rows)} rows, not {len(expected)}"
    for row, other in zip(rows, expected):
        for value, wanted in zip(row, other):
            assert is_same(value, wanted), f"{value} is not {wanted}"


def is_same(value, wanted):
    if not isinstance(value, float) or not isinstance(wanted, float):
        return value == wanted
    return math.isclose(value, wanted, rel_tol=1e-9) or (math.isnan(value) and math.isnan(wanted))
