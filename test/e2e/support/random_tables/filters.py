"""
Random filters, each as SQL and as the PyIceberg expression that says the same. They differ where the two disagree about NaN, which SQL
engines of DuckDB's kind sort above all numbers, and about NOT over null, so each part knows when it is true and when it is false.
"""

import datetime
from dataclasses import dataclass
from math import isfinite

from pyiceberg.expressions import (
    AlwaysFalse,
    And,
    BooleanExpression,
    EqualTo,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IsNaN,
    IsNull,
    LessThan,
    LessThanOrEqual,
    NotEqualTo,
    NotIn,
    NotNaN,
    NotNull,
    NotStartsWith,
    Or,
    StartsWith,
)

from columns import POOLS


@dataclass
class Filter:
    sql: str
    true: BooleanExpression
    false: BooleanExpression


def random_filter(random, columns, depth=0):
    shape = random.random()
    if depth < 2 and shape < 0.4:
        parts = [random_filter(random, columns, depth + 1) for _ in range(random.randint(2, 3))]
        if shape < 0.2:
            return Filter(joined(" AND ", parts), combined(And, [part.true for part in parts]), combined(Or, [part.false for part in parts]))
        if shape < 0.33:
            return Filter(joined(" OR ", parts), combined(Or, [part.true for part in parts]), combined(And, [part.false for part in parts]))
        return Filter(f"NOT ({parts[0].sql})", parts[0].false, parts[0].true)
    return random_test(random, *random.choice(leaves(columns)))


def joined(operator, parts):
    return operator.join(f"({part.sql})" for part in parts)


def combined(operator, expressions):
    first, *rest = expressions
    for expression in rest:
        first = operator(first, expression)
    return first


def leaves(columns):
    """Name for PyIceberg, SQL and kind of every primitive column, children of structs included."""
    found = []
    for column in columns:
        if column.kind == "struct":
            for child in column.children:
                found.append((f"{column.name}.{child.name}", f'("{column.name}")."{child.name}"', child.kind))
        elif column.kind != "list":
            found += [(column.name, f'"{column.name}"', column.kind)] * 2
    return found


def random_test(random, name, sql, kind):
    shape = random.random()
    if shape < 0.12:
        test = Filter(f"{sql} IS NULL", IsNull(name), NotNull(name))
        return test if random.random() < 0.5 else Filter(f"{sql} IS NOT NULL", test.false, test.true)
    if kind == "boolean" and shape < 0.3:
        return Filter(sql, EqualTo(name, True), EqualTo(name, False))
    if kind == "string" and shape < 0.35:
        return starts_with(random, name, sql)
    if kind in ("timestamp", "date") and shape < 0.25:
        return same_day(random, name, sql, kind)
    values = [value for value in POOLS[kind] if value == value]
    if kind == "float":
        # To PyIceberg infinities lie outside of what a float column holds.
        values = [value for value in values if isfinite(value)]
    if shape < 0.4:
        chosen = random.sample(values, random.randint(1, min(3, len(values))))
        members = ", ".join(literal(random, kind, value) for value in chosen)
        operands = [operand(kind, value) for value in chosen]
        negated = Filter(f"{sql} NOT IN ({members})", And(NotNull(name), NotIn(name, operands)), In(name, operands))
        return negated if random.random() < 0.3 else Filter(f"{sql} IN ({members})", negated.false, negated.true)
    if shape < 0.5:
        low, high = random.choice(values), random.choice(values)
        above, below = comparison(">=", name, kind, low), comparison("<=", name, kind, high)
        text = f"{sql} BETWEEN {literal(random, kind, low)} AND {literal(random, kind, high)}"
        return Filter(text, And(above[0], below[0]), Or(above[1], below[1]))
    operator = random.choice(["=", "<>", "<", "<=", ">", ">="])
    if kind in ("float", "double") and random.random() < 0.1:
        return against_nan(operator, name, sql)
    value = random.choice(values)
    if kind in ("int", "long", "decimal") and random.random() < 0.15 and abs(value) < 2**31 - 1:
        return between_values(operator, name, sql, kind, value)
    true, false = comparison(operator, name, kind, value)
    text = literal(random, kind, value)
    if random.random() < 0.2:
        mirrored = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(operator, operator)
        return Filter(f"{text} {mirrored} {sql}", true, false)
    return Filter(f"{sql} {operator} {text}", true, false)


EXPRESSIONS = {"=": EqualTo, "<>": NotEqualTo, "<": LessThan, "<=": LessThanOrEqual, ">": GreaterThan, ">=": GreaterThanOrEqual}
OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def operand(kind, value):
    return f"{value}+00:00" if kind == "timestamptz" else value


def comparison(operator, name, kind, value):
    """When `name operator value` is true, and when it is false."""

    def holds(symbol):
        expression = EXPRESSIONS[symbol](name, operand(kind, value))
        above_numbers = kind in ("float", "double") and symbol in (">", ">=", "<>")
        return Or(expression, IsNaN(name)) if above_numbers else expression

    return holds(operator), holds(OPPOSITE[operator])


def against_nan(operator, name, sql):
    number, nan, never = And(NotNull(name), NotNaN(name)), IsNaN(name), AlwaysFalse()
    true, false = {
        "=": (nan, number),
        "<>": (number, nan),
        "<": (number, nan),
        ">=": (nan, number),
        ">": (never, NotNull(name)),
        "<=": (NotNull(name), never),
    }[operator]
    return Filter(f"{sql} {operator} CAST('NaN' AS DOUBLE)", true, false)


def between_values(operator, name, sql, kind, value):
    """A literal that lies between a value of the column's type and the next one."""
    text = f"{value}5" if kind == "decimal" else f"{value}.5"
    if value < 0 or text.startswith("-"):
        text = f"{abs(value)}5" if kind == "decimal" else f"{abs(value)}.5"
        text = f"-{text}"
        below, above = (LessThan(name, value), GreaterThanOrEqual(name, value))
    else:
        below, above = (LessThanOrEqual(name, value), GreaterThan(name, value))
    never, present = AlwaysFalse(), NotNull(name)
    true, false = {"=": (never, present), "<>": (present, never)}.get(operator, (below, above) if "<" in operator else (above, below))
    return Filter(f"{sql} {operator} {text}", true, false)


def starts_with(random, name, sql):
    prefix = random.choice(["a", "ab", "abc", "abcde", "b", "long enough", "long enough to be cut" * 2, "日", "😀", "it's"])
    text = quoted(prefix)
    shapes = [f"{sql} LIKE {quoted(prefix + '%')}", f"starts_with({sql}, {text})"]
    true, false = StartsWith(name, prefix), And(NotNull(name), NotStartsWith(name, prefix))
    if random.random() < 0.2:
        return Filter(f"{sql} NOT LIKE {quoted(prefix + '%')}", false, true)
    return Filter(random.choice(shapes), true, false)


def same_day(random, name, sql, kind):
    """A timestamp cast to a date, or a date compared with a timestamp."""
    if kind == "date":
        value = random.choice(POOLS["date"])
        operator = random.choice(["<", "<=", ">", ">="])
        # Noon lies between two dates.
        below, above = LessThanOrEqual(name, value), GreaterThan(name, value)
        true, false = (below, above) if "<" in operator else (above, below)
        return Filter(f"{sql} {operator} TIMESTAMP '{value} 12:00:00'", true, false)
    day = datetime.date.fromisoformat(random.choice(POOLS["timestamp"])[:10])
    begin, end = (f"{date.isoformat()}T00:00:00" for date in (day, day + datetime.timedelta(days=1)))
    inside = And(GreaterThanOrEqual(name, begin), LessThan(name, end))
    outside = Or(LessThan(name, begin), GreaterThanOrEqual(name, end))
    return Filter(f"CAST({sql} AS DATE) = DATE '{day}'", inside, outside)


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def literal(random, kind, value):
    """A value as SQL, in one of the ways that people write it."""
    if kind == "boolean":
        return random.choice(["true", "'true'"] if value else ["false", "'false'"])
    if kind == "string":
        return quoted(value)
    if kind == "date":
        return random.choice([f"DATE '{value}'", f"'{value}'", f"CAST('{value}' AS DATE)"])
    if kind == "timestamp":
        text = value.replace("T", " ")
        shapes = [f"TIMESTAMP '{text}'", f"'{text}'"]
        if text.endswith("00:00:00.000000"):
            shapes.append(f"DATE '{text[:10]}'")
        return random.choice(shapes)
    if kind == "timestamptz":
        there = datetime.datetime.fromisoformat(value) + datetime.timedelta(hours=5, minutes=30)
        elsewhere = f"{there.isoformat(' ')}+05:30"
        return random.choice([f"TIMESTAMPTZ '{value.replace('T', ' ')}+00'", f"TIMESTAMPTZ '{elsewhere}'", f"'{value}Z'"])
    if kind in ("float", "double"):
        text = {float("inf"): "Infinity", float("-inf"): "-Infinity"}.get(value, repr(value))
        shapes = [f"CAST('{text}' AS DOUBLE)", f"'{text}'"]
        if abs(value) < 1e6 and value != 0.1:
            shapes.append(text)
        return random.choice(shapes)
    if kind == "decimal":
        return random.choice([str(value), f"CAST('{value}' AS DECIMAL(9, 2))", f"'{value}'"])
    return random.choice([str(value), f"'{value}'", f"CAST('{value}' AS BIGINT)"])
