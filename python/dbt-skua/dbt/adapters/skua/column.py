from dataclasses import dataclass

from dbt.adapters.base.column import Column

_INTEGERS = {"tinyint", "smallint", "integer", "int", "bigint", "hugeint"}
_FLOATS = {"float", "real", "double"}


@dataclass
class SkuaColumn(Column):
    """A column by its SQL type. Texts have no length, and decimals carry their digits in the type."""

    TYPE_LABELS = {"STRING": "VARCHAR", "TEXT": "VARCHAR", "FLOAT": "DOUBLE", "INTEGER": "INTEGER", "TIMESTAMP": "TIMESTAMP"}

    @property
    def data_type(self):
        return self.dtype

    @property
    def _name(self):
        return self.dtype.lower().partition("(")[0].strip()

    def is_string(self):
        return self._name in {"varchar", "text", "string", "char"}

    def is_integer(self):
        return self._name in _INTEGERS

    def is_float(self):
        return self._name in _FLOATS

    def is_numeric(self):
        return self._name in {"decimal", "numeric"}

    def string_size(self):
        return 256

    @classmethod
    def string_type(cls, size):
        return "VARCHAR"

    def can_expand_to(self, other_column):
        return False
