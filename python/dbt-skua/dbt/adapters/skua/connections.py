"""Connections: ADBC's Flight SQL driver, one for each thread of dbt."""

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Optional

import pyarrow as pa
from dbt.adapters.contracts.connection import AdapterResponse, ConnectionState, Credentials
from dbt.adapters.events.logging import AdapterLogger
from dbt.adapters.sql import SQLConnectionManager
from dbt_common.exceptions import DbtDatabaseError, DbtRuntimeError

logger = AdapterLogger("Skua")


@dataclass
class SkuaCredentials(Credentials):
    """``database`` is the catalog. ``options`` go to the driver as they are, such as those of its OAuth flows."""

    host: str = "localhost"
    port: int = 50051
    token: Optional[str] = None
    tls: bool = False
    tls_ca: Optional[str] = None
    tls_skip_verify: bool = False
    options: dict[str, str] = field(default_factory=dict)
    retries: int = 1

    _ALIASES = {"catalog": "database"}

    @property
    def type(self):
        return "skua"

    @property
    def unique_field(self):
        return f"{self.host}:{self.port}"

    def _connection_keys(self):
        return ("host", "port", "database", "schema", "tls")

    @property
    def uri(self):
        return f"{'grpc+tls' if self.tls else 'grpc'}://{self.host}:{self.port}"

    def driver_options(self):
        # The cookie keeps all statements of a connection in one session of the server.
        options = {"adbc.flight.sql.rpc.with_cookie_middleware": "true"}
        if self.token:
            options["adbc.flight.sql.authorization_header"] = f"Bearer {self.token}"
        if self.tls_skip_verify:
            options["adbc.flight.sql.client_option.tls_skip_verify"] = "true"
        if self.tls_ca:
            with open(self.tls_ca) as file:
                options["adbc.flight.sql.client_option.tls_root_certs"] = file.read()
        return {**options, **self.options}


class SkuaConnectionManager(SQLConnectionManager):
    """Each statement is a transaction of its own; a commit to an Iceberg table is whole or is not there."""

    TYPE = "skua"

    @contextmanager
    def exception_handler(self, sql):
        try:
            yield
        except DbtRuntimeError:
            raise
        except Exception as error:
            logger.debug("Error while running:\n{}".format(sql))
            raise DbtDatabaseError(str(error)) from error

    @classmethod
    def open(cls, connection):
        if connection.state == ConnectionState.OPEN:
            return connection
        credentials = connection.credentials

        def connect():
            from adbc_driver_flightsql import dbapi

            handle = dbapi.connect(credentials.uri, db_kwargs=credentials.driver_options(), autocommit=True)
            try:
                handle.adbc_connection.set_options(**{"adbc.connection.catalog": credentials.database})
            except BaseException:
                handle.close()
                raise
            return handle

        return cls.retry_connection(
            connection, connect=connect, logger=logger, retry_limit=credentials.retries, retryable_exceptions=[OSError]
        )

    def cancel(self, connection):
        cursor = getattr(connection, "skua_cursor", None)
        if cursor is not None:
            cursor.adbc_cancel()

    def add_query(self, sql, auto_begin=True, bindings=None, abridge_sql_log=False, **kwargs):
        connection = self.get_thread_connection()
        try:
            connection, cursor = super().add_query(sql, auto_begin, bindings, abridge_sql_log, **kwargs)
        except Exception:
            self._leave_transaction(connection)
            raise
        connection.skua_cursor = cursor
        word = _first_word(sql)
        if word in ("begin", "commit"):
            connection.skua_in_transaction = word == "begin"
        return connection, cursor

    @staticmethod
    def _leave_transaction(connection):
        if getattr(connection, "skua_in_transaction", False):
            connection.skua_in_transaction = False
            with connection.handle.cursor() as cursor:
                cursor.execute("ROLLBACK")

    # dbt begins and commits around each model. That is not sent: tables and views can't be dropped in a transaction that has changed rows.

    def add_begin_query(self):
        pass

    def add_commit_query(self):
        pass

    @classmethod
    def _rollback_handle(cls, connection):
        pass

    @classmethod
    def get_response(cls, cursor):
        description = cursor.description or []
        if [name for name, *_ in description] != ["affected_rows"]:
            return AdapterResponse(_message="OK")
        rows = cursor.fetchone()
        affected = rows[0] if rows else 0
        return AdapterResponse(_message=f"OK {affected}", rows_affected=affected)

    @classmethod
    def data_type_code_to_name(cls, type_code: Any) -> str:
        return sql_type_of(type_code)


def _first_word(sql):
    text = re.sub(r"/\*.*?\*/|--[^\n]*", " ", sql, flags=re.DOTALL).strip()
    return re.split(r"\W", text, maxsplit=1)[0].lower()


def sql_type_of(kind) -> str:
    """SQL's name of an Arrow type."""
    if not isinstance(kind, pa.DataType):
        return str(kind)
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    if pa.types.is_timestamp(kind):
        zone = " WITH TIME ZONE" if kind.tz else ""
        return f"TIMESTAMP_NS{zone}" if kind.unit == "ns" else f"TIMESTAMP{zone}"
    if pa.types.is_map(kind):
        return f"MAP({sql_type_of(kind.key_type)}, {sql_type_of(kind.item_type)})"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"{sql_type_of(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        return "STRUCT(" + ", ".join(f'"{f.name}" {sql_type_of(f.type)}' for f in kind) + ")"
    for is_kind, name in _NAMES:
        if is_kind(kind):
            return name
    return str(kind)


_NAMES = [
    (pa.types.is_boolean, "BOOLEAN"),
    (pa.types.is_int8, "TINYINT"),
    (pa.types.is_int16, "SMALLINT"),
    (pa.types.is_int32, "INTEGER"),
    (pa.types.is_int64, "BIGINT"),
    (pa.types.is_integer, "BIGINT"),
    (pa.types.is_float32, "FLOAT"),
    (pa.types.is_float64, "DOUBLE"),
    (pa.types.is_date, "DATE"),
    (pa.types.is_time, "TIME"),
    (pa.types.is_string, "VARCHAR"),
    (pa.types.is_large_string, "VARCHAR"),
    (pa.types.is_null, "INTEGER"),
    (pa.types.is_binary, "BLOB"),
    (pa.types.is_large_binary, "BLOB"),
    (pa.types.is_fixed_size_binary, "BLOB"),
]
