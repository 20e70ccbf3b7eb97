"""Random columns: types and values, chosen so that equal values, neighbours and edges of partitions are frequent."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from pyiceberg.types import (
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    ListType,
    LongType,
    NestedField,
    StringType,
    StructType,
    TimestampType,
    TimestamptzType,
)

# In ascending order, so that neighbouring values make files with narrow bounds.
POOLS = {
    "int": [-(2**31), -101, -11, -10, -1, 0, 1, 9, 10, 11, 99, 100, 2**31 - 1],
    "long": [-(2**63), -(2**53) - 1, -11, -10, -1, 0, 1, 9, 10, 11, 99, 2**53 + 1, 2**63 - 1],
    "float": [float("-inf"), -1.5, -0.25, 0.0, 0.25, 1.5, 65536.0, float("inf"), float("nan")],
    "double": [float("-inf"), -1e300, -1.5, 0.0, 0.1, 0.25, 1.5, 1e300, float("inf"), float("nan")],
    "decimal": [Decimal(text) for text in ("-9999999.99", "-10.65", "-0.01", "0.00", "0.50", "10.50", "10.65", "9999999.99")],
    "date": ["0001-01-01", "1969-01-01", "1969-12-31", "1970-01-01", "1970-01-02", "2019-12-31", "2020-02-29", "2020-03-01", "9999-12-31"],
    "timestamp": [
        "1969-12-31T22:59:59.999999",
        "1969-12-31T23:59:59.999999",
        "1970-01-01T00:00:00.000000",
        "1999-12-31T23:00:00.000001",
        "2020-02-29T00:00:00.000000",
        "2020-02-29T12:30:00.000000",
        "2020-02-29T13:00:00.000000",
        "2020-03-01T00:00:00.000000",
        "2262-04-12T00:00:00.000000",
    ],
    "string": ["", "B", "a", "ab", "abc", "abcd", "abd", "b", "it's", "long enough to be cut" * 2, "long enough to be kept" * 2, "z%_/=", "ü", "日本", "\uff5e", "😀x"],
    "boolean": [False, True],
}
POOLS["timestamptz"] = POOLS["timestamp"]

TYPES = {
    "int": IntegerType(),
    "long": LongType(),
    "float": FloatType(),
    "double": DoubleType(),
    "decimal": DecimalType(9, 2),
    "date": DateType(),
    "timestamp": TimestampType(),
    "timestamptz": TimestamptzType(),
    "string": StringType(),
    "boolean": BooleanType(),
}

KINDS = list(TYPES)

# To what a primitive column may be widened.
WIDENED = {"int": "long", "float": "double", "decimal": "decimal"}


@dataclass
class Column:
    """A column as the generator knows it; `children` of a struct, `element` of a list."""

    name: str
    kind: str
    precision: int = 9
    children: "list[Column] | None" = None
    element: "Column | None" = None

    @property
    def type(self):
        """The Iceberg type, with field ids that the catalog replaces."""
        if self.kind == "struct":
            return StructType(*[NestedField(1000 + index, child.name, child.type, required=False) for index, child in enumerate(self.children)])
        if self.kind == "list":
            return ListType(1000, self.element.type, element_required=False)
        return DecimalType(self.precision, 2) if self.kind == "decimal" else TYPES[self.kind]


def random_column(random, name, nested=True):
    choice = random.random()
    if nested and choice < 0.12:
        children = [random_column(random, child, nested=False) for child in ("p", "q", "r")[: random.randint(1, 3)]]
        return Column(name, "struct", children=children)
    if nested and choice < 0.18:
        element = random_column(random, "element", nested=random.random() < 0.4)
        return Column(name, "list", element=element)
    return Column(name, random.choice(KINDS))


def python_value(kind, value):
    if kind == "date":
        return datetime.date.fromisoformat(value)
    if kind == "timestamp":
        return datetime.datetime.fromisoformat(value)
    if kind == "timestamptz":
        return datetime.datetime.fromisoformat(value + "+00:00")
    return value


class Source:
    """Where the values of one append come from: for each column a few neighbours of its pool, sometimes nothing but null."""

    def __init__(self, random):
        self.random = random
        self.windows = {}

    def value(self, column, path=""):
        path = f"{path}.{column.name}"
        if path not in self.windows:
            self.windows[path] = self._window(column.kind)
        values, nulls = self.windows[path]
        if self.random.random() < nulls:
            return None
        if column.kind == "struct":
            return {child.name: self.value(child, path) for child in column.children}
        if column.kind == "list":
            return [self.value(column.element, path) for _ in range(self.random.randint(0, 2))]
        return python_value(column.kind, self.random.choice(values))

    def _window(self, kind):
        nulls = self.random.choice([0, 0, 0.2, 0.2, 0.2, 1])
        pool = POOLS.get(kind, [])
        start = self.random.randrange(max(1, len(pool)))
        values = pool if self.random.random() < 0.25 else pool[start : start + self.random.randint(1, 4)]
        return values, nulls
