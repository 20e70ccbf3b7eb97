"""The life of a random table: appends, deletes, and changes of schema and partition spec in between."""

import pyarrow as pa
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.types import NestedField

from columns import WIDENED, Column, Source, random_column
from filters import random_filter
from position_deletes import delete_positions
from transforms import random_transform


class RandomTable:
    def __init__(self, catalog, identifier, random):
        self.random = random
        self.columns = [Column("id", "long"), *(random_column(random, f"c{index}") for index in range(random.randint(2, 6)))]
        self.names = len(self.columns)
        self.rows = 0
        self.steps = []
        schema = Schema(*[NestedField(index + 1, column.name, column.type, required=False) for index, column in enumerate(self.columns)])
        self.partitioned = {}
        fields = []
        for column in random.sample(self.columns, random.choice([0, 1, 1, 2])):
            transform = random_transform(random, column.kind)
            if transform is not None:
                name = f"part_{column.name}"
                fields.append(PartitionField(self.columns.index(column) + 1, 1000 + len(fields), transform, name))
                self.partitioned[name] = column
        version = random.choice(["1", "2", "2"])
        self.version = int(version)
        self.table = catalog.create_table(
            identifier, schema, partition_spec=PartitionSpec(*fields), properties={"format-version": version, **random_properties(random)}
        )
        # Columns that some spec is made of can't go.
        self.sources = {column.name for column in self.partitioned.values()}
        self.note(f"v{version} {schema} partitioned by {[str(field) for field in fields]}")

    def note(self, step):
        self.steps.append(step)

    def live(self, steps):
        self.append()
        for _ in range(steps):
            actions = [self.append] * 5 + [self.add, self.rename, self.drop, self.widen, self.reorder, self.respec, self.delete]
            if self.version > 1:
                actions += [self.delete_positions] * 2
            self.random.choice(actions)()
            self.table.refresh()
        self.append()

    def append(self):
        source = Source(self.random)
        rows = []
        for _ in range(self.random.randint(1, 12)):
            row = {column.name: source.value(column) for column in self.columns if column.name != "id"}
            rows.append({**row, "id": self.rows})
            self.rows += 1
        self.table.append(pa.Table.from_pylist(rows, schema=self.table.schema().as_arrow()))
        self.note(f"append {len(rows)}")

    def delete(self):
        # PyIceberg fails to plan some filters over partitions that are null and over children of structs.
        # The number of the row is never null.
        plain = [column for column in self.columns if column.kind not in ("struct", "list") and (column.name == "id" or column.name not in self.sources)]
        filter = random_filter(self.random, plain)
        self.table.delete(filter.true)
        self.note(f"delete {filter.sql}")

    def delete_positions(self):
        self.note(f"delete {delete_positions(self.table, self.random)} positions")

    def add(self):
        column = random_column(self.random, f"c{self.names}")
        # Sometimes under the name of a column that was dropped.
        dropped = [f"c{index}" for index in range(self.names) if not any(other.name == f"c{index}" for other in self.columns)]
        if dropped and self.random.random() < 0.5:
            column.name = self.random.choice(dropped)
        else:
            self.names += 1
        structs = [other for other in self.columns if other.kind == "struct" and len(other.children) < 4]
        with self.table.update_schema() as update:
            if structs and self.random.random() < 0.4:
                child = random_column(self.random, "added", nested=False)
                struct = self.random.choice(structs)
                if all(other.name != "added" for other in struct.children):
                    update.add_column((struct.name, child.name), child.type)
                    struct.children.append(child)
                    self.note(f"add {struct.name}.{child.name} {child.type}")
                    return
            update.add_column(column.name, column.type)
        self.columns.append(column)
        self.note(f"add {column.name} {column.type}")

    def rename(self):
        column = self.random.choice(self.columns[1:] or self.columns)
        if column.name == "id":
            return
        old, new = column.name, f"c{self.names}"
        structs = [other for other in self.columns if other.kind == "struct"]
        if structs and self.random.random() < 0.4:
            struct = self.random.choice(structs)
            child = self.random.choice(struct.children)
            old, column, new = f"{struct.name}.{child.name}", child, f"n{self.names}"
        self.names += 1
        with self.table.update_schema() as update:
            update.rename_column(old, new)
        if column.name in self.sources:
            self.sources.add(new)
        column.name = new
        self.note(f"rename {old} to {new}")

    def drop(self):
        free = [column for column in self.columns if column.name != "id" and column.name not in self.sources]
        if not free:
            return
        column = self.random.choice(free)
        with self.table.update_schema() as update:
            update.delete_column(column.name)
        self.columns.remove(column)
        self.note(f"drop {column.name}")

    def widen(self):
        narrow = [column for column in self.columns if column.kind in WIDENED]
        if not narrow:
            return
        column = self.random.choice(narrow)
        column.kind = WIDENED[column.kind]
        column.precision = min(38, column.precision + self.random.choice([1, 9, 10]))
        with self.table.update_schema() as update:
            update.update_column(column.name, field_type=column.type)
        self.note(f"widen {column.name} to {column.type}")

    def reorder(self):
        column = self.random.choice(self.columns)
        with self.table.update_schema() as update:
            update.move_first(column.name)
        self.columns.sort(key=lambda other: other is not column)
        self.note(f"move {column.name} first")

    def respec(self):
        with self.table.update_spec() as update:
            if self.partitioned and self.random.random() < 0.4:
                name = self.random.choice(list(self.partitioned))
                update.remove_field(name)
                del self.partitioned[name]
                self.note(f"remove partition field {name}")
                return
            # A removed field of version 1 stays as a void one, and PyIceberg writes no two fields of one column.
            taken = self.sources if self.version == 1 else {column.name for column in self.partitioned.values()}
            free = [column for column in self.columns if column.name not in taken and random_transform(self.random, column.kind)]
            if not free:
                return
            column = self.random.choice(free)
            transform = random_transform(self.random, column.kind)
            name = f"part{len(self.steps)}_{column.name}"
            update.add_field(column.name, transform, name)
        self.partitioned[name] = column
        self.sources.add(column.name)
        self.note(f"partition by {transform} of {column.name}")


def random_properties(random):
    properties = {"write.parquet.compression-codec": random.choice(["zstd", "snappy", "gzip", "uncompressed"])}
    if random.random() < 0.3:
        properties["write.metadata.metrics.default"] = random.choice(["none", "counts", "truncate(2)", "full"])
    if random.random() < 0.3:
        properties["write.parquet.row-group-limit"] = "3"
    if random.random() < 0.3:
        properties["commit.manifest-merge.enabled"] = "true"
        properties["commit.manifest.min-count-to-merge"] = "2"
    return properties
