from dbt.adapters.base import AdapterPlugin

from dbt.adapters.skua.column import SkuaColumn
from dbt.adapters.skua.connections import SkuaConnectionManager, SkuaCredentials
from dbt.adapters.skua.impl import SkuaAdapter
from dbt.adapters.skua.relation import SkuaRelation
from dbt.include import skua

__all__ = ["Plugin", "SkuaAdapter", "SkuaColumn", "SkuaConnectionManager", "SkuaCredentials", "SkuaRelation"]

Plugin = AdapterPlugin(adapter=SkuaAdapter, credentials=SkuaCredentials, include_path=skua.PACKAGE_PATH)
