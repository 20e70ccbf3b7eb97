"""
Writes random Iceberg tables through a REST catalog and answers random questions about them:

    SKUA_TOKEN=… main.py URI WAREHOUSE NAMESPACE SEED COUNT

Prints a JSON line for each table: its name, what was done to it, and the questions: what is selected and a filter as SQL, the snapshot if not the
current one, and PyIceberg's rows as canonical text (test/fixtures/README.md), sorted. A table depends on the seed and its number alone.
"""

import json
import os
import sys
from pathlib import Path
from random import Random

sys.path.append(str(Path(__file__).resolve().parents[3] / "fixtures"))

import pyarrow as pa  # noqa: E402
import pyarrow.compute as pc  # noqa: E402
from generator.canonical import rows_of  # noqa: E402
from pyiceberg.catalog.rest import RestCatalog  # noqa: E402
from pyiceberg.expressions.visitors import bind  # noqa: E402
from pyiceberg.io.pyarrow import expression_to_pyarrow  # noqa: E402

import transforms  # noqa: E402
from filters import random_filter  # noqa: E402
from table import RandomTable  # noqa: E402

QUESTIONS = 8


def questions(random, history):
    table = history.table
    now = table.scan().to_arrow()
    for _ in range(QUESTIONS):
        names = [column.name for column in history.columns]
        chosen = random.sample(names, random.randint(1, len(names)))
        filter = random_filter(random, history.columns)
        # Of all rows: PyIceberg fails to plan some filters over partitions that are null.
        condition = expression_to_pyarrow(bind(table.schema(), filter.true, True), table.schema())
        yield question(now.filter(condition).select(chosen), filter=filter.sql)
    snapshot = random.choice(table.snapshots())
    then = table.scan(snapshot_id=snapshot.snapshot_id).to_arrow()
    yield question(then, snapshot=str(snapshot.snapshot_id))
    yield question(now)
    yield {**question(extremes(now, history.columns)), "select": extremes_sql(history.columns)}


def question(rows, filter="true", **more):
    return {"select": ", ".join(f'"{name}"' for name in rows.column_names), "filter": filter, "rows": rows_of(rows), **more}


def ordered(columns):
    """The columns with values that all agree how to order."""
    return [column.name for column in columns if column.kind not in ("struct", "list", "float", "double")]


def extremes(rows, columns):
    found = [pc.count(rows["id"], mode="all")]
    for name in ordered(columns):
        column = rows[name].cast(pa.string()) if pa.types.is_large_string(rows[name].type) else rows[name]
        both = pc.min_max(column)
        found += [both["min"], both["max"]]
    return pa.table([pa.array([value.as_py()], value.type) for value in found], names=[f"c{index}" for index in range(len(found))])


def extremes_sql(columns):
    return ", ".join(["count(*)", *(f'min("{name}"), max("{name}")' for name in ordered(columns))])


def main(uri, warehouse, namespace, seed, count):
    transforms.install()
    catalog = RestCatalog("random", uri=uri, warehouse=warehouse, token=os.environ["SKUA_TOKEN"])
    for number in range(int(count)):
        random = Random(f"{seed}.{number}")
        history = RandomTable(catalog, (namespace, f"random_{number}"), random)
        history.live(random.randint(5, 10))
        asked = list(questions(random, history))
        print(json.dumps({"name": f"random_{number}", "steps": history.steps, "questions": asked}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
