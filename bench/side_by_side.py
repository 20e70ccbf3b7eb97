"""Skua beside what people would use instead, on the same tables, in one run, in turn: DuckDB with its iceberg extension on the same catalog and
store, and Arrow's C++ Flight server over DuckDB on local files. The tables are written by PyIceberg; all values are compared.

    npm run bench -- [--scale 1] [--runs 5] [--cases tpch-warm,tpch-cold,…] [--old PATH]
"""

import argparse
import json
import math
import os
import pathlib
import re
import statistics
import sys
import tempfile
import time

import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from support.contestants import CppFlight, DuckDb, LocalDuckDb, Skua, Stack  # noqa: E402
from support.server import versions  # noqa: E402
from support.store import check, generate  # noqa: E402

TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]
HERE = pathlib.Path(__file__).parent
QUERIES = dict(re.findall(r"^-- (\d+)\n(.*?);$", (HERE / "support" / "tpch.sql").read_text(), re.M | re.S))
SMALL = {
    "SELECT 1": "SELECT 1 AS one",
    "count(*)": "SELECT count(*) AS n FROM lineitem",
    "a point lookup": "SELECT * FROM orders WHERE o_orderkey = 4999",
    "25 rows": "SELECT * FROM nation",
}
STREAMS = {
    "16 columns": "SELECT * FROM lineitem",
    "4 columns": "SELECT l_orderkey, l_partkey, l_suppkey, l_linenumber FROM lineitem",
}


def write_tables(stack, folder):
    """With PyIceberg, one append for each table."""
    catalog = stack.pyiceberg()
    catalog.create_namespace_if_not_exists("demo")
    for name in TABLES:
        table = pq.read_table(folder / f"{name}.parquet")
        schema = pa.schema([f.with_type(pa.string()) if f.type == pa.string_view() else f for f in table.schema])
        table = table.cast(schema.remove_metadata())
        catalog.create_table(f"demo.{name}", schema=table.schema).append(table)


def write_tpcds(stack, scale=0.02):
    """With PyIceberg; the rows in a DuckDB, and the queries by number."""
    import duckdb
    import duckdb_extensions

    duckdb_extensions.import_extension("tpcds")
    database = duckdb.connect()
    database.load_extension("tpcds")
    database.sql(f"CALL dsdgen(sf = {scale})")
    catalog = stack.pyiceberg()
    catalog.create_namespace_if_not_exists("tpcds")
    for (name,) in database.sql("SHOW TABLES").fetchall():
        table = database.sql(f"FROM {name}").to_arrow_table()
        catalog.create_table(f"tpcds.{name}", schema=table.schema).append(table)
    queries = database.sql("SELECT query_nr, query FROM tpcds_queries()").fetchall()
    return database, {str(number): text.rstrip().rstrip(";") for number, text in queries}


def rows(table):
    return list(zip(*(column.to_pylist() for column in table.columns)))


def compare(results):
    first, *others = map(rows, results)
    for other in others:
        check(other, first)


def compare_unordered(results):
    """The queries leave the order of equals open."""
    key = lambda row: [(value is None, str(value)) for value in row if not isinstance(value, float)]
    first, *others = (sorted(rows(result), key=key) for result in results)
    for other in others:
        check(other, first)


class Bench:
    def __init__(self, options, stack, folder):
        self.options, self.stack, self.folder = options, stack, folder
        self.results = {}

    def makers(self, decodes=False):
        skua = lambda *place: Skua(self.stack, *place, decodes=decodes)
        makers = {"Skua": skua, "DuckDB iceberg": lambda: DuckDb(self.stack)}
        if self.options.old:
            makers["old"] = lambda: skua(self.options.old, "old")
        return makers

    def keep(self, case, query, name, values):
        self.results.setdefault(case, {}).setdefault(query, {})[name] = [round(value, 6) for value in values]

    def tpcds(self):
        """Queries over next to no data: what a statement takes by itself."""
        database, queries = write_tpcds(self.stack)
        places = {"Skua": ()} | ({"old": (self.options.old, "old")} if self.options.old else {})
        contestants = {name: Skua(self.stack, *place, schema="tpcds") for name, place in places.items()}
        contestants["DuckDB in process"] = LocalDuckDb(database)
        try:
            for number, sql in queries.items():
                if self.options.queries and number not in self.options.queries.split(","):
                    continue
                compare_unordered([contestant.run(sql)[1] for contestant in contestants.values()])
                times = {name: [] for name in contestants}
                for _ in range(self.options.runs):
                    for name, contestant in contestants.items():
                        times[name].append(contestant.run(sql)[0])
                for name, values in times.items():
                    self.keep("tpcds", number, name, values)
                self.say("tpcds", number)
        finally:
            for contestant in contestants.values():
                contestant.stop()

    def tpch_hot(self):
        self.tpch_warm("tpch-hot", decodes=True)

    def tpch_warm(self, case="tpch-warm", decodes=False):
        contestants = {name: make() for name, make in self.makers(decodes).items()}
        try:
            if decodes:
                contestants["Skua"].settle([QUERIES[number] for number in self.queries()])
            for number in self.queries():
                compare([contestant.run(QUERIES[number])[1] for contestant in contestants.values()])
            for number in self.queries():
                for contestant in contestants.values():
                    contestant.run(QUERIES[number])
                times = {name: [] for name in contestants}
                for _ in range(self.options.runs):
                    for name, contestant in contestants.items():
                        times[name].append(contestant.run(QUERIES[number])[0])
                for name, values in times.items():
                    self.keep(case, number, name, values)
                self.say(case, number)
        finally:
            for contestant in contestants.values():
                contestant.stop()

    def tpch_cold(self, case="tpch-cold", delay=0):
        """A fresh process with an empty cache for each query."""
        self.stack.delay(delay)
        for number in self.queries():
            times, requests = {}, {}
            for _ in range(self.options.cold_runs):
                tables = []
                for name, make in self.makers().items():
                    contestant = make()
                    before = self.stack.counts()["requests"]
                    seconds, table = contestant.run(QUERIES[number])
                    requests.setdefault(name, []).append(self.stack.counts()["requests"] - before)
                    contestant.stop()
                    times.setdefault(name, []).append(seconds)
                    tables.append(table)
                compare(tables)
            for name, values in times.items():
                self.keep(case, number, name, values)
                self.results[case][number].setdefault("requests", {})[name] = statistics.median(requests[name])
            self.say(case, number)
        self.stack.delay(0)

    def tpch_cold_latency(self):
        self.tpch_cold("tpch-cold-20ms", 20)

    def flights(self, case, statements, runs):
        """Through pyarrow.flight."""
        servers = {"Skua": Skua(self.stack), "C++ Flight over DuckDB": self.cpp_flight()}
        if self.options.old:
            servers["old"] = Skua(self.stack, self.options.old)
        clients = {name: server.flight() if isinstance(server, Skua) else server for name, server in servers.items()}
        try:
            for query, sql in statements.items():
                tables = [client.table(sql) for client in clients.values()]
                if tables[0].num_rows < 1000:
                    compare(tables)
                else:
                    assert len({table.num_rows for table in tables}) == 1
                del tables
                times = {name: [] for name in clients}
                for _ in range(runs):
                    for name, client in clients.items():
                        started = time.perf_counter()
                        client.table(sql)
                        times[name].append(time.perf_counter() - started)
                for name, values in times.items():
                    self.keep(case, query, name, values)
                self.say(case, query)
        finally:
            for server in servers.values():
                server.stop()

    def cpp_flight(self):
        return CppFlight(*(self.folder / f"{name}.parquet" for name in TABLES))

    def small(self):
        self.flights("small", SMALL, 20 * self.options.runs)

    def stream(self):
        self.flights("stream", STREAMS, self.options.runs)

    def queries(self):
        wanted = self.options.queries
        return [number for number in QUERIES if not wanted or number in wanted.split(",")]

    def say(self, case, query):
        entry = self.results[case][query]
        medians = {name: statistics.median(values) for name, values in entry.items() if isinstance(values, list)}
        others = [f"{medians['Skua'] / value:.2f} of {name}" for name, value in medians.items() if name != "Skua"]
        print(f"{case} {query}: {medians['Skua'] * 1000:.1f} ms, {', '.join(others)}; load {os.getloadavg()[0]:.1f}", flush=True)

    def summary(self):
        for case, entries in self.results.items():
            names = [name for name in next(iter(entries.values())) if name not in ("Skua", "requests")]
            for name in names:
                ratios = [statistics.median(e["Skua"]) / statistics.median(e[name]) for e in entries.values()]
                mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
                print(f"{case}: geometric mean of the ratios to {name}: {mean:.2f}")


CASES = {
    "small": Bench.small,
    "stream": Bench.stream,
    "tpch-warm": Bench.tpch_warm,
    "tpch-hot": Bench.tpch_hot,
    "tpch-cold": Bench.tpch_cold,
    "tpch-cold-20ms": Bench.tpch_cold_latency,
    "tpcds": Bench.tpcds,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", default="1")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cold-runs", type=int, default=3)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--queries", help="numbers of TPC-H queries; all without it")
    parser.add_argument("--old", help="the folder of another build of Skua, which is measured as well")
    parser.add_argument("--results", help="the file that the results are written to")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="skua-bench-") as name:
        folder = pathlib.Path(name)
        generate(folder, options.scale, TABLES)
        stack = Stack()
        try:
            write_tables(stack, folder)
            bench = Bench(options, stack, folder)
            where = versions()
            print(where, flush=True)
            for case in options.cases.split(","):
                CASES[case](bench)
            bench.summary()
        finally:
            stack.stop()
    if options.results:
        whole = {"where": where, "scale": options.scale, "loadAtEnd": os.getloadavg()[0], "cases": bench.results}
        pathlib.Path(options.results).write_text(json.dumps(whole, indent=1) + "\n")


if __name__ == "__main__":
    main()
