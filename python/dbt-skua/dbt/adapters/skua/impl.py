"""The adapter: what dbt can't say in SQL alone."""

import re

import pyarrow as pa
from dbt.adapters.base import available
from dbt.adapters.base.impl import ConstraintSupport
from dbt.adapters.capability import Capability, CapabilityDict, CapabilitySupport, Support
from dbt.adapters.sql import SQLAdapter
from dbt_common.contracts.constraints import ConstraintType

from dbt.adapters.skua.column import SkuaColumn
from dbt.adapters.skua.connections import SkuaConnectionManager
from dbt.adapters.skua.relation import SkuaRelation


class SkuaAdapter(SQLAdapter):
    ConnectionManager = SkuaConnectionManager
    Relation = SkuaRelation
    Column = SkuaColumn

    CONSTRAINT_SUPPORT = {
        ConstraintType.check: ConstraintSupport.NOT_SUPPORTED,
        ConstraintType.not_null: ConstraintSupport.ENFORCED,
        ConstraintType.unique: ConstraintSupport.NOT_SUPPORTED,
        ConstraintType.primary_key: ConstraintSupport.NOT_ENFORCED,
        ConstraintType.foreign_key: ConstraintSupport.NOT_SUPPORTED,
    }
    _capabilities = CapabilityDict({
        Capability.SchemaMetadataByRelations: CapabilitySupport(support=Support.Full),
    })

    @classmethod
    def date_function(cls):
        return "now()"

    @classmethod
    def is_cancelable(cls):
        return True

    @classmethod
    def convert_text_type(cls, agate_table, col_idx):
        return "VARCHAR"

    @classmethod
    def convert_integer_type(cls, agate_table, col_idx):
        return "INTEGER"

    @classmethod
    def convert_number_type(cls, agate_table, col_idx):
        import agate

        decimals = agate_table.aggregate(agate.MaxPrecision(col_idx))
        return "DOUBLE" if decimals else "BIGINT"

    @classmethod
    def convert_boolean_type(cls, agate_table, col_idx):
        return "BOOLEAN"

    @classmethod
    def convert_datetime_type(cls, agate_table, col_idx):
        return "TIMESTAMP"

    @classmethod
    def convert_date_type(cls, agate_table, col_idx):
        return "DATE"

    @classmethod
    def convert_time_type(cls, agate_table, col_idx):
        return "TIME"

    @available
    def insert_seed(self, insert, agate_table):
        """Runs an INSERT whose ``?`` are the columns of the seed, as texts: all rows in one commit."""
        columns = [
            pa.array([None if value is None else str(value) for value in column.values()], pa.string())
            for column in agate_table.columns
        ]
        rows = pa.table(columns, names=[str(index) for index in range(len(columns))])
        connection = self.connections.get_thread_connection()
        with self.connections.exception_handler(insert), connection.handle.cursor() as cursor:
            cursor.executemany(insert, rows)

    def run_sql_for_tests(self, sql, fetch, conn):
        """Of dbt's tests of adapters, whose texts hold several statements: a call takes one."""
        answer = None
        for statement in re.split(r";\s*(?:\n|$)", sql):
            if statement.strip():
                answer = super().run_sql_for_tests(statement, fetch, conn)
        return answer

    def valid_incremental_strategies(self):
        return ["append", "merge", "delete+insert", "insert_overwrite", "microbatch"]

    def timestamp_add_sql(self, add_to, number=1, interval="hour"):
        return f"{add_to} + interval {number} {interval}"
