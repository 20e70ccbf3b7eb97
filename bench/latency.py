"""How long small statements take, one after the other: over ADBC and the TypeScript client.

    node scripts/setup.mjs && python bench/latency.py
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import adbc_driver_flightsql.dbapi as adbc

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from support.server import ROOT, Server, versions  # noqa: E402

WARM_UP, RUNS = 100, 500
SEED = """
CREATE TABLE quickstart.demo.events (id BIGINT, kind VARCHAR, amount DOUBLE);
INSERT INTO quickstart.demo.events VALUES (1,'click',1.50),(2,'purchase',42.00),(3,'click',0.75),(4,'purchase',13.25);
"""
STATEMENTS = {
    "`SELECT 1`": ("SELECT 1", [(1,)]),
    "the seed aggregate": (
        "SELECT kind, COUNT(*) AS n, ROUND(SUM(amount), 2) AS total FROM quickstart.demo.events"
        " GROUP BY kind ORDER BY total DESC",
        [("purchase", 2, 55.25), ("click", 2, 2.25)],
    ),
}


def over_adbc(cursor, sql, expected):
    milliseconds = []
    for run in range(-WARM_UP, RUNS):
        started = time.perf_counter()
        cursor.execute(sql)
        rows = cursor.fetchall()
        duration = (time.perf_counter() - started) * 1000
        assert rows == expected, rows
        if run >= 0:
            milliseconds.append(duration)
    return milliseconds


def over_typescript(server):
    job = {
        "address": server.uri,
        "statements": [sql for sql, _ in STATEMENTS.values()],
        "warmUp": WARM_UP,
        "runs": RUNS,
    }
    result = subprocess.run(
        ["node", str(ROOT / "bench" / "support" / "latency-client.mjs")],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "SKUA_TOKEN": server.admin_token},
    )
    return json.loads(result.stdout)


def row(statement, client, milliseconds):
    ordered = sorted(milliseconds)
    at = lambda share: f"{ordered[int(len(ordered) * share)]:.2f}"
    print(f"| {statement} | {client} | {at(0.5)} | {at(0.95)} | {ordered[0]:.2f} to {ordered[-1]:.2f} |", flush=True)


def main():
    with tempfile.TemporaryDirectory(prefix="skua-latency-") as folder, Server.embedded(folder) as server:
        headers = {"adbc.flight.sql.authorization_header": f"Bearer {server.admin_token}"}
        print(versions())
        print(f"{RUNS} runs after {WARM_UP} to warm up, in milliseconds")
        print("| statement | client | p50 | p95 | lowest to highest |")
        print("| --- | --- | --- | --- | --- |")
        with adbc.connect(server.uri, db_kwargs=headers, autocommit=True) as connection:
            with connection.cursor() as cursor:
                for statement in SEED.strip().splitlines():
                    cursor.executescript(statement)
                for name, (sql, expected) in STATEMENTS.items():
                    row(name, "ADBC", over_adbc(cursor, sql, expected))
        for name, milliseconds in zip(STATEMENTS, over_typescript(server)):
            row(name, "TypeScript client", milliseconds)


if __name__ == "__main__":
    main()
