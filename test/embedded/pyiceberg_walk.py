"""Walks an Iceberg REST catalog with PyIceberg: pyiceberg_walk.py URI WAREHOUSE TOKEN. Ends with status 0 if all came out as stated."""

import sys

import pyarrow as pa
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NamespaceNotEmptyError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import SortField, SortOrder
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import (
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestampType,
)

NAMESPACE = ("walk", "inner")


def connect(uri, warehouse, token):
    return RestCatalog("walk", uri=uri, warehouse=warehouse, token=token)


def refused(error, action, *arguments):
    try:
        action(*arguments)
    except error:
        return
    raise AssertionError(f"{action} was expected to fail with {error.__name__}")


def namespaces(catalog):
    catalog.create_namespace("walk")
    catalog.create_namespace(NAMESPACE, {"owner": "walker"})
    refused(NamespaceAlreadyExistsError, catalog.create_namespace, NAMESPACE)
    assert catalog.list_namespaces("walk") == [NAMESPACE]
    assert catalog.load_namespace_properties(NAMESPACE)["owner"] == "walker"
    summary = catalog.update_namespace_properties(NAMESPACE, updates={"colour": "blue"})
    assert summary.updated == ["colour"]
    summary = catalog.update_namespace_properties(NAMESPACE, removals={"colour", "shape"})
    assert (summary.removed, summary.missing) == (["colour"], ["shape"])


def nested_types(catalog):
    schema = Schema(
        NestedField(10, "id", LongType(), required=True),
        NestedField(11, "tags", ListType(12, StringType(), element_required=False)),
        NestedField(13, "sizes", MapType(14, StringType(), 15, LongType(), value_required=False)),
        NestedField(16, "place", StructType(NestedField(17, "city", StringType()))),
        identifier_field_ids=[10],
    )
    table = catalog.create_table((*NAMESPACE, "nested"), schema)
    assert [field.field_id for field in table.schema().fields] == [1, 2, 3, 4]
    assert table.schema().identifier_field_ids == [1]
    refused(TableAlreadyExistsError, catalog.create_table, (*NAMESPACE, "nested"), schema)
    rows = pa.Table.from_pylist(
        [
            {"id": 1, "tags": ["a", None], "sizes": [("x", 1)], "place": {"city": "Zürich"}},
            {"id": 2, "tags": [], "sizes": [], "place": None},
        ],
        schema=table.schema().as_arrow(),
    )
    table.append(rows)
    assert catalog.load_table((*NAMESPACE, "nested")).scan().to_arrow().sort_by("id").to_pylist() == rows.to_pylist()


def changes(catalog):
    schema = Schema(NestedField(1, "id", LongType()), NestedField(2, "kind", StringType()), NestedField(3, "at", TimestampType()))
    table = catalog.create_table(
        (*NAMESPACE, "events"),
        schema,
        partition_spec=PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "kind")),
        sort_order=SortOrder(SortField(1, IdentityTransform())),
        properties={"format-version": "2", "note": "n"},
    )

    def rows(*ids, kind):
        return pa.table(
            {"id": pa.array(ids, pa.int64()), "kind": [kind] * len(ids), "at": pa.array([0] * len(ids), pa.timestamp("us"))}
        )

    table.append(rows(1, 2, kind="click"))
    table.append(rows(3, kind="purchase"))
    with table.update_schema() as update:
        update.add_column("amount", LongType())
        update.rename_column("kind", "sort")
        update.add_column(("more",), StructType(NestedField(1, "deep", StringType())))
    assert [field.field_id for field in table.schema().fields] == [1, 2, 3, 4, 5]
    with table.update_spec() as update:
        update.add_field("at", IdentityTransform(), "moment")
    with table.transaction() as transaction:
        transaction.set_properties(colour="blue")
        transaction.remove_properties("note")
    assert (table.properties["colour"], "note" in table.properties) == ("blue", False)
    table = catalog.load_table((*NAMESPACE, "events"))
    assert sorted(table.scan().to_arrow()["id"].to_pylist()) == [1, 2, 3]
    table.delete("id = 1")
    table.overwrite(table.scan().to_arrow().slice(0, 1))
    assert table.scan().to_arrow().num_rows == 1
    with table.manage_snapshots() as snapshots:
        snapshots.create_tag(table.current_snapshot().snapshot_id, "kept")
    assert "kept" in catalog.load_table((*NAMESPACE, "events")).refs()
    assert len(table.history()) >= 4


def conflict(catalog):
    with catalog.load_table((*NAMESPACE, "nested")).transaction() as transaction:
        transaction.set_properties({"commit.retry.num-retries": "0"})
    one = catalog.load_table((*NAMESPACE, "nested"))
    other = catalog.load_table((*NAMESPACE, "nested"))
    row = one.scan().to_arrow().slice(0, 1)
    with one.transaction() as first:
        first.append(row)
    transaction = other.transaction()
    transaction.append(row)
    refused(CommitFailedException, transaction.commit_transaction)


def staged(catalog):
    with catalog.create_table_transaction((*NAMESPACE, "staged"), Schema(NestedField(1, "id", LongType()))) as transaction:
        transaction.append(pa.table({"id": pa.array([7], pa.int64())}))
    assert catalog.load_table((*NAMESPACE, "staged")).scan().to_arrow().to_pylist() == [{"id": 7}]


def third_version(catalog):
    table = catalog.create_table(
        (*NAMESPACE, "third"), Schema(NestedField(1, "id", LongType())), properties={"format-version": "3"}
    )
    assert table.metadata.format_version == 3
    assert table.metadata.next_row_id == 0


def ends(catalog):
    assert catalog.list_views(NAMESPACE) == []
    catalog.rename_table((*NAMESPACE, "staged"), (*NAMESPACE, "renamed"))
    refused(NoSuchTableError, catalog.load_table, (*NAMESPACE, "staged"))
    copy = catalog.load_table((*NAMESPACE, "renamed")).metadata_location
    catalog.drop_table((*NAMESPACE, "renamed"))
    assert catalog.register_table((*NAMESPACE, "again"), copy).scan().to_arrow().num_rows == 1
    refused(NamespaceNotEmptyError, catalog.drop_namespace, NAMESPACE)
    for table in catalog.list_tables(NAMESPACE):
        catalog.purge_table(table)
    assert not catalog.table_exists((*NAMESPACE, "nested"))
    catalog.drop_namespace(NAMESPACE)
    catalog.drop_namespace("walk")


def walk(uri, warehouse, token):
    catalog = connect(uri, warehouse, token)
    for step in (namespaces, nested_types, changes, conflict, staged, third_version, ends):
        step(catalog)
        print(step.__name__, flush=True)


if __name__ == "__main__":
    walk(*sys.argv[1:4])
