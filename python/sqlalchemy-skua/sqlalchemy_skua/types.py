"""Column types, and how the server writes them."""

import datetime
import decimal
import re

from sqlalchemy import types
from sqlalchemy.types import TypeEngine


class STRUCT(types.TypeEngine):
    """A struct. Values are dictionaries. ``fields`` are pairs of a name and a type."""

    __visit_name__ = "STRUCT"
    cache_ok = True

    def __init__(self, fields):
        self.fields = tuple((name, types.to_instance(kind)) for name, kind in fields)


class MAP(types.TypeEngine):
    """A map. Values are lists of pairs."""

    __visit_name__ = "MAP"
    cache_ok = True

    def __init__(self, key, value):
        self.key = types.to_instance(key)
        self.value = types.to_instance(value)


class ARRAY(types.ARRAY):
    """A list. It reads and writes Python lists; the generic type has no processing of its own."""


class _Binary(types.LargeBinary):
    """Bytes as they are."""

    def bind_processor(self, dialect):
        return None

    def result_processor(self, dialect, coltype):
        return None


class _Date(types.Date):
    """A moment that is given for a date is its day."""

    def bind_processor(self, dialect):
        return lambda value: value.date() if isinstance(value, datetime.datetime) else value


class _Numeric(types.Numeric):
    """Of several rows that are bound at once, all have numbers of one kind. What is computed may be a float whatever it is computed of."""

    def bind_processor(self, dialect):
        return lambda value: decimal.Decimal(str(value)) if isinstance(value, float) else value

    def result_processor(self, dialect, coltype):
        if not self.asdecimal:
            return lambda value: None if value is None else float(value)
        form = f"%.{max(self._effective_decimal_return_scale, self._default_decimal_return_scale)}f"
        return lambda value: decimal.Decimal(form % value) if isinstance(value, float) else value


class _Float(types.Float):
    def bind_processor(self, dialect):
        return lambda value: float(value) if isinstance(value, decimal.Decimal) else value


PROCESSED = {
    types.LargeBinary: _Binary,
    types.Date: _Date,
    types.Numeric: _Numeric,
    types.Float: _Float,
}

_PLAIN = {
    "BOOLEAN": types.BOOLEAN,
    "INTEGER": types.INTEGER,
    "BIGINT": types.BIGINT,
    "FLOAT": types.REAL,
    "DOUBLE": types.DOUBLE,
    "DATE": types.DATE,
    "TIME": types.TIME,
    "VARCHAR": types.VARCHAR,
    "UUID": types.UUID,
    "BINARY": types.BINARY,
    "BLOB": types.BINARY,
    "VARIANT": types.VARCHAR,
    "GEOMETRY": types.BINARY,
    "GEOGRAPHY": types.BINARY,
}


def parse_type(text: str) -> TypeEngine:
    """The type that the server writes so. One that is not known: ``NullType``."""
    text = text.strip()
    if text.endswith("[]"):
        return ARRAY(parse_type(text[:-2]))
    name, _, rest = text.partition("(")
    name = name.strip().upper()
    inside = rest[: rest.rfind(")")] if rest else ""
    if name == "DECIMAL":
        precision, scale = (int(part) for part in inside.split(","))
        return types.DECIMAL(precision, scale)
    if name == "FIXED":
        return types.BINARY(int(inside))
    if name == "STRUCT":
        return STRUCT([_field(part) for part in _parts(inside)])
    if name == "MAP":
        key, value = _parts(inside)
        return MAP(parse_type(key), parse_type(value))
    if name in ("TIMESTAMPTZ", "TIMESTAMPTZ_NS", "TIMESTAMP WITH TIME ZONE"):
        return types.TIMESTAMP(timezone=True)
    if name in ("TIMESTAMP", "TIMESTAMP_NS"):
        return types.TIMESTAMP()
    kind = _PLAIN.get(name)
    return kind() if kind else types.NullType()


def _field(text: str) -> tuple[str, TypeEngine]:
    quoted = re.match(r'\s*"((?:[^"]|"")*)"\s*', text)
    if quoted:
        name, rest = quoted[1].replace('""', '"'), text[quoted.end() :]
    else:
        name, _, rest = text.strip().partition(" ")
    return name, parse_type(re.sub(r"\s+NOT NULL\s*$", "", rest))


def _parts(text: str) -> list[str]:
    """Splits at commas that stand in no parentheses and in no quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for index, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif not quoted and character == "(":
            depth += 1
        elif not quoted and character == ")":
            depth -= 1
        elif not quoted and depth == 0 and character == ",":
            parts.append(text[start:index].strip())
            start = index + 1
    parts.append(text[start:].strip())
    return parts
