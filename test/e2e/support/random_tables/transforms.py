"""Partition transforms of Arrow arrays value by value, with PyIceberg's own scalar functions; its fast ones are in an optional package."""

import pyarrow as pa
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.transforms import BucketTransform, DayTransform, HourTransform, IdentityTransform, MonthTransform, TruncateTransform, YearTransform

INTERNAL = {pa.date32(): pa.int32(), pa.timestamp("us"): pa.int64(), pa.timestamp("us", "UTC"): pa.int64()}


def by_value(transform, source):
    function = transform.transform(source)
    truncates = isinstance(transform, TruncateTransform)
    result = schema_to_pyarrow(source) if truncates else pa.int32()

    def apply(array):
        internal = INTERNAL.get(array.type)
        values = (array if internal is None else array.cast(internal)).to_pylist()
        return pa.array([None if value is None else wrapped(function(value), result) for value in values], result)

    return apply


def wrapped(value, result):
    """Next to the smallest integer, truncation gives one that does not fit; it wraps around as in Java."""
    if pa.types.is_integer(result):
        half = 1 << (result.bit_width - 1)
        return (value + half) % (2 * half) - half
    return value


def install():
    for transform in (BucketTransform, TruncateTransform, YearTransform, MonthTransform, DayTransform, HourTransform):
        transform.pyarrow_transform = by_value


def random_transform(random, kind):
    """A transform for a column of this kind; None where PyIceberg can't write one."""
    times = [YearTransform(), MonthTransform(), DayTransform(), HourTransform()]
    if kind in ("int", "long", "decimal", "string"):
        return random.choice([IdentityTransform(), TruncateTransform(random.choice([1, 2, 10])), BucketTransform(3)])
    if kind == "date":
        return random.choice([IdentityTransform(), BucketTransform(2), *times[:3]])
    if kind in ("timestamp", "timestamptz"):
        return random.choice([IdentityTransform(), BucketTransform(2), *times])
    return IdentityTransform() if kind == "boolean" else None
