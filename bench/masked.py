"""TPC-H lineitem with column masks beside the same table without, each statement in turn, in one run.

    node scripts/setup.mjs && python bench/masked.py --scale 1
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from lineitem import ingest, timed  # noqa: E402
from support.flight import FlightSql  # noqa: E402
from support.server import Server, spread, versions  # noqa: E402

MASKS = {
    "l_partkey": "sha-256-global",
    "l_extendedprice": "mask-to-fixed-value",
    "l_shipdate": "truncate-to-month",
    "l_shipinstruct": "show-first-4",
    "l_comment": "mask-alphanum",
}
STATEMENTS = {
    "Q1": """SELECT l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice), sum(l_extendedprice * (1 - l_discount)),
        avg(l_quantity), avg(l_discount), count(*) FROM lineitem WHERE l_shipdate <= DATE '1998-09-01' GROUP BY ALL ORDER BY ALL""",
    "Q6": """SELECT sum(l_extendedprice * l_discount) FROM lineitem WHERE l_shipdate >= DATE '1994-01-01'
        AND l_shipdate < DATE '1995-01-01' AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24""",
    "fixed value": "SELECT max(l_extendedprice) FROM lineitem WHERE l_quantity < 24",
    "truncated date": "SELECT l_shipdate, count(*) FROM lineitem GROUP BY ALL",
    "first 4": "SELECT l_shipinstruct, count(*) FROM lineitem GROUP BY ALL",
    "hash": "SELECT count(DISTINCT l_partkey) FROM lineitem",
    "alphanum": "SELECT max(l_comment) FROM lineitem",
    "SELECT *": "SELECT * FROM lineitem",
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--scale", default="1")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="skua-masked-") as folder:
        tpchgen = pathlib.Path(sys.executable).parent / "tpchgen-cli"
        command = [tpchgen, "parquet", "-s", options.scale, "--tables", "lineitem", "--output-dir", folder]
        subprocess.run(command, check=True, capture_output=True)
        data = pathlib.Path(folder) / "data"
        with Server.embedded(data) as server:
            ingest(server, pathlib.Path(folder) / "lineitem.parquet")
        [catalog] = data.rglob("catalog.json")
        document = json.loads(catalog.read_text())
        document["policies"] = [{"table": "demo.lineitem", "role": "analyst", "masks": MASKS}]
        catalog.write_text(json.dumps(document))
        with Server.embedded(data) as server:
            print(versions())
            plain = FlightSql(server.uri, server.admin_token)
            masked = FlightSql(server.uri, server.analyst_token)
            sample = masked.table("SELECT l_comment, l_extendedprice FROM lineitem LIMIT 1").to_pylist()[0]
            assert set(sample["l_comment"]) <= set("xn(),.-@") and sample["l_extendedprice"] == 0, sample
            print("| statement | open, s | masked, s | ratio |")
            print("| --- | --- | --- | --- |")
            for name, sql in STATEMENTS.items():
                times = [[], []]
                for run in range(options.runs + 1):
                    for client, durations in zip((plain, masked), times):
                        duration, table = timed(client, sql)
                        del table
                        if run > 0:
                            durations.append(duration)
                ratio = statistics.median(times[1]) / statistics.median(times[0])
                print(f"| {name} | {spread(times[0])} | {spread(times[1])} | {ratio:.2f} |", flush=True)
            plain.close()
            masked.close()


if __name__ == "__main__":
    main()
