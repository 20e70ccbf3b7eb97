"""Reads what Skua's definitions made, with PyIceberg: pyiceberg_definitions.py URI WAREHOUSE TOKEN. Ends with status 0 if all is as stated."""

import sys
from datetime import date, datetime, timezone
from decimal import Decimal

from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.transforms import BucketTransform, DayTransform, IdentityTransform
from pyiceberg.types import DoubleType, IntegerType, LongType, StringType


def altered(catalog):
    table = catalog.load_table("demo.altered")
    schema = table.schema()
    names = [field.name for field in schema.fields]
    assert names == ["id", "label", "place", "sizes", "price", "at", "extra"], names
    ids = [field.field_id for field in schema.fields]
    assert ids == [1, 2, 3, 4, 5, 6, 10], ids
    assert schema.find_type("id") == LongType()
    assert schema.find_type("sizes.element") == DoubleType()
    assert schema.find_field("place.country").field_id == 11
    assert schema.find_field("place.zip_code").field_type == IntegerType()
    assert schema.find_field("extra").doc == "one more"
    assert schema.find_field("extra").field_type == StringType()
    assert table.properties["owner"] == "us" and table.properties["comment"] == "altered"
    spec = table.spec()
    assert [(field.name, field.transform) for field in spec.fields] == [("at_day", DayTransform())], spec
    rows = sorted(table.scan().to_arrow().to_pylist(), key=lambda row: row["id"])
    assert [row["id"] for row in rows] == [1, 2, 3], rows
    assert [row["label"] for row in rows] == ["a", "b", "c"], rows
    assert rows[0]["place"] == {"city": "x", "zip_code": 7, "country": None}, rows
    assert rows[2]["place"] == {"city": "z", "zip_code": 9, "country": "q"}, rows
    assert [row["extra"] for row in rows] == [None, None, "e"], rows
    assert [row["sizes"] for row in rows] == [[1.5], [2.5], [3.5]], rows
    with table.update_schema() as update:
        update.add_column("later", LongType())
        update.rename_column("label", "tag")
    with table.update_spec() as update:
        update.add_field("id", BucketTransform(4), "shard")


def replaced(catalog):
    table = catalog.load_table("demo.replaced")
    assert [(field.field_id, field.name) for field in table.schema().fields] == [(1, "id"), (4, "kind"), (2, "name")]
    assert [(field.name, field.transform) for field in table.spec().fields] == [("kind", IdentityTransform())]
    assert table.scan().to_arrow().sort_by("id").to_pydict() == {
        "id": [1, 2],
        "kind": ["k", "k"],
        "name": ["a", "b"],
    }
    assert len(table.metadata.snapshots) == 2 and table.current_snapshot().parent_snapshot_id is None
    first = table.metadata.snapshots[0].snapshot_id
    assert table.scan(snapshot_id=first).to_arrow().num_rows == 3
    assert [field.name for field in table.scan(snapshot_id=first).projection().fields] == ["id", "name", "gone"]
    assert "comment" not in table.properties and table.properties["owner"] == "us"


def overwritten(catalog):
    table = catalog.load_table("demo.overwritten")
    assert table.scan().to_arrow().sort_by("n").to_pydict() == {"part": ["b", "a"], "n": [2, 10]}
    assert table.current_snapshot().summary.operation.value == "overwrite"
    assert table.current_snapshot().summary["deleted-records"] == "1"


def defaulted(catalog):
    table = catalog.load_table("demo.defaulted")
    fields = {field.name: field for field in table.schema().fields}
    assert fields["n"].required and fields["n"].initial_default == fields["n"].write_default == 5
    (row,) = table.scan().to_arrow().to_pylist()
    assert row == {
        "id": 1,
        "n": 5,
        "word": "x",
        "day": date(2026, 1, 2),
        "tz": datetime(2026, 1, 2, 1, 4, 5, tzinfo=timezone.utc),
        "d": Decimal("1.50"),
        "b": b"ab",
    }, row


def viewed(catalog):
    assert catalog.list_views("demo") == [("demo", "seen")]
    view = catalog.load_view("demo.seen")
    version = view.current_version()
    assert [(entry.root.dialect, entry.root.sql) for entry in version.representations] == [
        ("duckdb", "SELECT id, COUNT(*) FROM altered GROUP BY id")
    ], version
    assert list(version.default_namespace) == ["demo"], version
    schema = view.schema()
    assert [(field.name, field.field_type, field.doc) for field in schema.fields] == [
        ("customer", LongType(), None),
        ("how_many", LongType(), "of them"),
    ], schema


if __name__ == "__main__":
    uri, warehouse, token = sys.argv[1:]
    connected = RestCatalog("definitions", uri=uri, warehouse=warehouse, token=token)
    for step in (altered, replaced, overwritten, defaulted, viewed):
        step(connected)
        print(step.__name__)
