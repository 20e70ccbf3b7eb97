"""Who is measured: Skua in a process tree of its own, DuckDB with its iceberg extension, and Arrow's C++ Flight server over DuckDB."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import adbc_driver_flightsql.dbapi as adbc
import pyarrow as pa
import pyarrow.flight as flight

from .flight import FlightSql
from .server import ROOT

HERE = pathlib.Path(__file__).parent


class Lines:
    """A program that answers each line with one of JSON."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.process.args[1]} ended")
        return json.loads(line)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(30)


class Stack(Lines):
    """Issuer, catalog and store; see stack.mjs."""

    def __init__(self, copied=None):
        super().__init__(["node", str(HERE / "stack.mjs"), *([str(copied)] if copied else [])])
        self.place = self.answer()

    def counts(self):
        return self.ask("counts")

    def delay(self, milliseconds):
        self.ask(f"delay {milliseconds}")

    def pyiceberg(self):
        from pyiceberg.catalog.rest import RestCatalog

        return RestCatalog(
            "quickstart",
            uri=self.place["catalog"],
            warehouse="quickstart",
            token=self.place["token"],
            **{
                "s3.endpoint": self.place["endpoint"],
                "s3.access-key-id": self.place["accessKeyId"],
                "s3.secret-access-key": self.place["secretAccessKey"],
                "s3.region": self.place["region"],
                "header.X-Iceberg-Access-Delegation": "",
            },
        )


CONFIG = """
[server]
port = 0
[[auth]]
issuer = "{issuer}"
jwks_url = "{jwksUrl}"
audience = "{audience}"
user_claim = "preferred_username"
allow_insecure_jwks = true
[catalogs.quickstart]
uri = "{catalog}"
warehouse = "quickstart"
credential_delegation = "none"
[catalogs.quickstart.storage]
endpoint = "{endpoint}"
region = "{region}"
path_style = true
access_key_id = "{accessKeyId}"
secret_access_key = "{secretAccessKey}"
[default]
catalog = "quickstart"
schema = "{schema}"
[logging]
format = "json"
"""


class Skua:
    """`skua serve` with an empty cache, from the build in `root`."""

    def __init__(self, stack, root=ROOT, name="Skua", decodes=True, schema="demo"):
        self.name = name
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="skua-bench-"))
        config = self.folder / "skua.toml"
        config.write_text(CONFIG.format(schema=schema, **stack.place))
        command = ["node", str(pathlib.Path(root) / "bin" / "skua.cjs"), "serve", "--config", str(config)]
        log = self.folder / "log"
        with log.open("w") as sink:
            settings = {} if decodes else {"SKUA_STORAGE__DECODED_SIZE": "0"}
            self.process = subprocess.Popen(command, stdout=sink, stderr=sink, env={**os.environ, **settings})
        while not (found := re.search(r'"address":"([^"]+)"', log.read_text())):
            if self.process.poll() is not None:
                raise SystemExit(f"The server did not start: {log.read_text()}")
            time.sleep(0.02)
        self.token = stack.place["token"]
        self.uri = f"grpc://{found.group(1)}"
        headers = {"adbc.flight.sql.authorization_header": f"Bearer {self.token}"}
        self.connection = adbc.connect(self.uri, db_kwargs=headers, autocommit=True)
        self.cursor = self.connection.cursor()

    def run(self, sql):
        """Seconds, and the rows as an Arrow table."""
        started = time.perf_counter()
        self.cursor.execute(sql)
        table = self.cursor.fetch_arrow_table()
        return time.perf_counter() - started, table

    def decoded_files(self, sql):
        """Of how many files a query reads decoded columns."""
        plan = self.run(f"EXPLAIN ANALYZE {sql}")[1].column(0).to_pylist()
        return sum(int(count) for line in plan for count in re.findall(r"decoded columns: of (\d+) of", line))

    def settle(self, queries):
        """Runs queries until nothing more of what they read is decoded."""
        before = None
        while (now := [self.decoded_files(sql) for sql in queries for _ in range(2)]) != before:
            before = now
            time.sleep(10)

    def flight(self):
        return FlightSql(self.uri, self.token)

    def stop(self):
        self.cursor.close()
        self.connection.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)


class DuckDb(Lines):
    """DuckDB with its iceberg and httpfs extensions; see duckdb_peer.py."""

    name = "DuckDB iceberg"

    def __init__(self, stack):
        super().__init__([sys.executable, str(HERE / "duckdb_peer.py")])
        self.out = pathlib.Path(tempfile.mkdtemp(prefix="skua-bench-")) / "rows.arrow"
        self.ask(json.dumps(stack.place))

    def run(self, sql):
        answer = self.ask(json.dumps({"sql": sql, "out": str(self.out)}))
        with pa.OSFile(str(self.out)) as source:
            return answer["seconds"], pa.ipc.open_file(source).read_all()

    def stop(self):
        super().stop()
        shutil.rmtree(self.out.parent, ignore_errors=True)


class LocalDuckDb:
    """DuckDB in this process, with the rows in tables of its own."""

    name = "DuckDB in process"

    def __init__(self, connection):
        self.connection = connection

    def run(self, sql):
        started = time.perf_counter()
        table = self.connection.execute(sql).to_arrow_table()
        return time.perf_counter() - started, table

    def stop(self):
        self.connection.close()


class CppFlight:
    """Arrow's own C++ Flight server, as pyarrow has it, over a DuckDB that reads local Parquet files."""

    name = "C++ Flight over DuckDB"

    def __init__(self, *files):
        command = [sys.executable, str(HERE / "peer.py"), *map(str, files)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.client = flight.FlightClient(f"grpc://127.0.0.1:{int(self.process.stdout.readline())}")

    def table(self, sql):
        return self.client.do_get(flight.Ticket(sql.encode())).read_all()

    def stop(self):
        self.client.close()
        self.process.terminate()
        self.process.wait()
