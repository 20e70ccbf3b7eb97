"""Makes tables, or reads what Skua wrote, with PyIceberg: pyiceberg_writes.py make|check URI WAREHOUSE TOKEN. Ends with status 0 if all is as stated."""

import sys
from datetime import timezone

import pyarrow.parquet
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.expressions import EqualTo
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import NullOrder, SortDirection, SortField, SortOrder
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import (
    DateType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
    TimestamptzType,
    TimeType,
)
from pyiceberg.utils import datetime as conversions


def make(catalog):
    schema = Schema(NestedField(1, "id", LongType()), NestedField(2, "name", StringType()))
    order = SortOrder(
        SortField(2, IdentityTransform(), SortDirection.DESC, NullOrder.NULLS_LAST),
        SortField(1, IdentityTransform(), SortDirection.ASC, NullOrder.NULLS_FIRST),
    )
    catalog.create_table("demo.ordered", schema, sort_order=order)
    for name, columns in (("cased", ("a", "A")), ("accents", ("é", "É"))):
        catalog.create_table(
            f"demo.{name}", Schema(*(NestedField(index, column, LongType()) for index, column in enumerate(columns, 1)))
        )


def rows_of(table, task):
    return pyarrow.parquet.ParquetFile(table.io.new_input(task.file.file_path).open()).read().to_pylist()


def source_of(schema, field):
    """The type of a partition field's source, and how to get it out of a row."""
    names = schema.find_column_name(field.source_id).split(".")

    def value(row):
        for name in names:
            row = None if row is None else row[name]
        return row

    return schema.find_type(field.source_id), value


def buckets(catalog):
    """Every row lies in the file of the partition that PyIceberg computes for it, and a filter on its value finds it."""
    tables = [name for _, name in catalog.list_tables("demo") if name.startswith("by_")]
    for name in sorted(tables):
        table = catalog.load_table(f"demo.{name}")
        schema, spec = table.schema(), table.spec()
        seen = set()
        for task in table.scan().plan_files():
            for row in rows_of(table, task):
                for position, field in enumerate(spec.fields):
                    kind, value = source_of(schema, field)
                    expected = field.transform.transform(kind)(as_pyiceberg(kind, value(row)))
                    assert task.file.partition[position] == expected, (name, row, task.file.partition, expected)
                seen.add(row["id"])
        rows = table.scan().to_arrow().to_pylist()
        assert sorted(seen) == sorted(row["id"] for row in rows) and len(rows) > 3, (name, seen)
        if "v" in schema.column_names:
            for row in rows:
                if row["v"] is None:
                    continue
                found = table.scan(row_filter=EqualTo("v", row["v"])).to_arrow().to_pylist()
                assert row["id"] in [each["id"] for each in found], (name, row)
        print(name)


def as_pyiceberg(kind, value):
    """A value of a row as transforms take it."""
    if value is None:
        return None
    if isinstance(kind, DateType):
        return conversions.date_to_days(value)
    if isinstance(kind, TimeType):
        return conversions.time_to_micros(value)
    if isinstance(kind, TimestampType):
        return conversions.datetime_to_micros(value)
    if isinstance(kind, TimestamptzType):
        return conversions.datetime_to_micros(value.astimezone(timezone.utc).replace(tzinfo=None))
    return value


def texts(catalog):
    """Partition values that could be mistaken for parts of paths."""
    table = catalog.load_table("demo.texts")
    for task in table.scan().plan_files():
        rows = rows_of(table, task)
        assert {row["part"] for row in rows} == {task.file.partition[0]}, (rows, task.file.partition)
    parts = [row["part"] for row in table.scan().to_arrow().to_pylist()]
    assert len(parts) == len(set(parts)) == 12, parts
    assert None in parts and "" in parts and "a\0b" in parts and "__HIVE_DEFAULT_PARTITION__" in parts, parts
    assert max(len(part or "") for part in parts) == 5000
    for part in parts:
        if part is not None:
            assert table.scan(row_filter=EqualTo("part", part)).to_arrow().num_rows == 1, part


def ordered(catalog):
    table = catalog.load_table("demo.ordered")
    tasks = list(table.scan().plan_files())
    assert sum(task.file.record_count for task in tasks) == 1001
    for task in tasks:
        assert task.file.sort_order_id == table.sort_order().order_id == 1, task.file.sort_order_id
        keys = [(row["name"] is None, row["name"], row["id"]) for row in rows_of(table, task)]
        named = [(name, -id) for missing, name, id in keys if not missing]
        assert named == sorted(named, reverse=True) and [missing for missing, _, _ in keys] == sorted(
            missing for missing, _, _ in keys
        )


def appended(catalog):
    """120 appends left few manifests, and every snapshot has the rows of its time."""
    table = catalog.load_table("demo.appended")
    assert len(table.current_snapshot().manifests(table.io)) == 21
    assert sorted(table.scan().to_arrow()["id"].to_pylist()) == list(range(120))
    for index, snapshot in enumerate(table.snapshots()):
        if index % 13 == 0 or index > 97:
            ids = table.scan(snapshot_id=snapshot.snapshot_id).to_arrow()["id"].to_pylist()
            assert sorted(ids) == list(range(index + 1)), (index, ids)
    assert len(table.snapshots()) == 120


what, uri, warehouse, token = sys.argv[1:]
catalog = RestCatalog("skua", uri=uri, warehouse=warehouse, token=token)
if what == "make":
    make(catalog)
else:
    for check in (buckets, texts, ordered, appended):
        check(catalog)
        print(check.__name__)
