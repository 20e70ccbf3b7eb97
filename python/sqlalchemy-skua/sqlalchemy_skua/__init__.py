"""SQLAlchemy dialect for Skua: Iceberg tables over Arrow Flight SQL."""

from .dialect import SkuaDialect
from .types import MAP, STRUCT

__all__ = ["MAP", "STRUCT", "SkuaDialect"]
