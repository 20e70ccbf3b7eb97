"""The dialect: how to connect, and what there is."""

import re
from urllib.parse import unquote

from sqlalchemy import exc, pool, text, types, util
from sqlalchemy.engine import cursor, default, reflection
from sqlalchemy.schema import Table

from .compiler import SkuaCompiler, SkuaDDLCompiler, SkuaIdentifierPreparer, SkuaTypeCompiler
from .types import PROCESSED, parse_type

_TRUE = {"1", "true", "yes", "on"}


class SkuaExecutionContext(default.DefaultExecutionContext):
    def post_exec(self):
        # To the driver a change has a result, which has no columns.
        if not self.cursor.description:
            self.cursor_fetch_strategy = cursor._NO_CURSOR_DML


def _set_autocommit(dbapi_connection, is_automatic):
    """The DBAPI module remembers only what a connection was opened with."""
    dbapi_connection.adbc_connection.set_autocommit(is_automatic)
    dbapi_connection.skua_autocommit = is_automatic


class SkuaDialect(default.DefaultDialect):
    """``skua://host:port/catalog?token=…``. Options: ``schema``, ``tls``, ``tls_skip_verify``, ``tls_ca`` (a file), and any ``adbc.…``."""

    name = "skua"
    driver = "adbc"
    default_paramstyle = "qmark"
    statement_compiler = SkuaCompiler
    ddl_compiler = SkuaDDLCompiler
    type_compiler_cls = SkuaTypeCompiler
    preparer = SkuaIdentifierPreparer
    poolclass = pool.QueuePool
    max_identifier_length = 255

    supports_statement_cache = True
    supports_alter = True
    supports_comments = True
    inline_comments = False
    supports_default_values = False
    supports_default_metavalue = False
    supports_empty_insert = False
    supports_multivalues_insert = True
    supports_native_boolean = True
    supports_native_decimal = True
    supports_native_uuid = True
    supports_native_enum = False
    supports_sequences = False
    supports_sane_rowcount = True
    supports_sane_multi_rowcount = False
    supports_is_distinct_from = True
    supports_constraint_comments = False
    insert_returning = True
    update_returning = True
    delete_returning = True
    insert_executemany_returning = False
    postfetch_lastrowid = False
    favor_returning_over_lastrowid = False
    cte_follows_insert = True
    requires_name_normalize = False
    div_is_floordiv = False
    tuple_in_values = True

    construct_arguments = [(Table, {"partitioned_by": None, "properties": None})]
    execution_ctx_cls = SkuaExecutionContext
    colspecs = PROCESSED
    _json_serializer = None
    _json_deserializer = None

    @classmethod
    def import_dbapi(cls):
        from adbc_driver_flightsql import dbapi

        return dbapi

    def create_connect_args(self, url):
        options = dict(url.query)
        token = options.pop("token", None) or url.password
        is_encrypted = options.pop("tls", "false").lower() in _TRUE
        given = {
            "adbc.flight.sql.rpc.with_cookie_middleware": "true",
            **{key: value for key, value in options.items() if key.startswith("adbc.")},
        }
        if token:
            given["adbc.flight.sql.authorization_header"] = f"Bearer {unquote(token)}"
        if options.get("tls_skip_verify", "false").lower() in _TRUE:
            given["adbc.flight.sql.client_option.tls_skip_verify"] = "true"
        if "tls_ca" in options:
            with open(options["tls_ca"]) as file:
                given["adbc.flight.sql.client_option.tls_root_certs"] = file.read()
        unknown = [key for key in options if not key.startswith("adbc.") and key not in _OPTIONS]
        if unknown:
            raise exc.ArgumentError(f"Unknown in the URL: {', '.join(unknown)}; there are {', '.join(sorted(_OPTIONS))}")
        address = f"{'grpc+tls' if is_encrypted else 'grpc'}://{url.host or 'localhost'}:{url.port or 50051}"
        return [], {"uri": address, "db_kwargs": given, "catalog": url.database, "schema": options.get("schema")}

    def connect(self, uri, db_kwargs, catalog=None, schema=None):
        connection = self.loaded_dbapi.connect(uri, db_kwargs=db_kwargs, autocommit=True)
        try:
            names = {"adbc.connection.catalog": catalog, "adbc.connection.db_schema": schema}
            chosen = {key: value for key, value in names.items() if value}
            if chosen:
                connection.adbc_connection.set_options(**chosen)
            _set_autocommit(connection, False)
        except BaseException:
            connection.close()
            raise
        return connection

    def get_default_isolation_level(self, dbapi_connection):
        return "REPEATABLE READ"

    def get_isolation_level_values(self, dbapi_connection):
        return ["REPEATABLE READ", "AUTOCOMMIT"]

    def get_isolation_level(self, dbapi_connection):
        return "AUTOCOMMIT" if dbapi_connection.skua_autocommit else "REPEATABLE READ"

    def set_isolation_level(self, dbapi_connection, level):
        is_automatic = level == "AUTOCOMMIT"
        if is_automatic != dbapi_connection.skua_autocommit:
            _set_autocommit(dbapi_connection, is_automatic)

    def detect_autocommit_setting(self, dbapi_connection):
        return dbapi_connection.skua_autocommit

    def do_rollback(self, dbapi_connection):
        if not dbapi_connection.skua_autocommit:
            dbapi_connection.adbc_connection.rollback()

    def do_commit(self, dbapi_connection):
        if not dbapi_connection.skua_autocommit:
            dbapi_connection.adbc_connection.commit()

    def do_ping(self, dbapi_connection):
        with dbapi_connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return True

    def is_disconnect(self, e, connection, cursor):
        return "Unavailable;" in str(e) or "connection refused" in str(e)

    def _get_server_version_info(self, connection):
        version = connection.exec_driver_sql("SHOW server_version").scalar() or ""
        return tuple(int(part) for part in re.findall(r"\d+", version))

    def _get_default_schema_name(self, connection):
        return connection.exec_driver_sql("SELECT current_schema()").scalar()

    # What there is, from information_schema, which loads the tables that are asked for alone.

    def _select(self, connection, sql, **values):
        return connection.execute(text(sql), values).all()

    def _schema(self, schema):
        name = schema or self.default_schema_name
        if name is None:
            raise exc.InvalidRequestError("No schema is chosen; name one, or put ?schema=… into the URL")
        return name

    @reflection.cache
    def get_schema_names(self, connection, **kw):
        sql = "SELECT schema_name FROM information_schema.schemata WHERE catalog_name = current_catalog() ORDER BY 1"
        hidden = {"information_schema"}
        return [name for (name,) in self._select(connection, sql) if name not in hidden]

    def _names(self, connection, schema, kind):
        sql = (
            "SELECT table_name FROM information_schema.tables WHERE table_catalog = current_catalog()"
            " AND table_schema = :schema AND table_type = :kind ORDER BY 1"
        )
        return [name for (name,) in self._select(connection, sql, schema=self._schema(schema), kind=kind)]

    @reflection.cache
    def get_table_names(self, connection, schema=None, **kw):
        return self._names(connection, schema, "BASE TABLE")

    @reflection.cache
    def get_view_names(self, connection, schema=None, **kw):
        return self._names(connection, schema, "VIEW")

    def _kind(self, connection, name, schema):
        sql = (
            "SELECT table_type FROM information_schema.tables WHERE table_catalog = current_catalog()"
            " AND table_schema = :schema AND table_name = :name"
        )
        found = self._select(connection, sql, schema=self._schema(schema), name=name)
        return found[0][0] if found else None

    @reflection.cache
    def has_table(self, connection, table_name, schema=None, **kw):
        self._ensure_has_table_connection(connection)
        return self._kind(connection, table_name, schema) is not None

    def _require(self, connection, name, schema):
        kind = self._kind(connection, name, schema)
        if kind is None:
            raise exc.NoSuchTableError(f"{schema}.{name}" if schema else name)
        return kind

    def _about(self, connection, select, name, schema):
        """What a view of information_schema tells of one table or view: rows of `select`, which is its columns and FROM."""
        sql = f"SELECT {select} WHERE table_catalog = current_catalog() AND table_schema = :schema AND table_name = :name"
        return self._select(connection, sql, schema=self._schema(schema), name=name)

    @reflection.cache
    def get_view_definition(self, connection, view_name, schema=None, **kw):
        found = self._about(connection, "view_definition FROM information_schema.views", view_name, schema)
        if not found:
            raise exc.NoSuchTableError(f"{schema}.{view_name}" if schema else view_name)
        return found[0][0]

    @reflection.cache
    def get_columns(self, connection, table_name, schema=None, **kw):
        select = (
            "column_name, data_type, is_nullable, column_default, column_comment, ordinal_position"
            " FROM information_schema.columns"
        )
        found = sorted(self._about(connection, select, table_name, schema), key=lambda row: row[-1])
        if not found:
            self._require(connection, table_name, schema)
        columns = []
        for name, written, is_nullable, default_value, comment, _ in found:
            kind = parse_type(written)
            if isinstance(kind, types.NullType):
                util.warn(f"Did not recognize type '{written}' of column '{name}'")
            columns.append({
                "name": name,
                "type": kind,
                "nullable": is_nullable == "YES",
                "default": default_value,
                "comment": comment,
            })
        return columns

    @reflection.cache
    def get_pk_constraint(self, connection, table_name, schema=None, **kw):
        select = "column_name, ordinal_position FROM information_schema.key_column_usage"
        found = sorted(self._about(connection, select, table_name, schema), key=lambda row: row[1])
        if not found:
            self._require(connection, table_name, schema)
            return reflection.ReflectionDefaults.pk_constraint()
        return {"constrained_columns": [column for column, _ in found], "name": None}

    @reflection.cache
    def get_table_comment(self, connection, table_name, schema=None, **kw):
        found = self._about(connection, "comment FROM information_schema.table_comments", table_name, schema)
        if not found:
            raise exc.NoSuchTableError(f"{schema}.{table_name}" if schema else table_name)
        return {"text": found[0][0]}

    def _none(self, connection, table_name, schema):
        self._require(connection, table_name, schema)
        return []

    @reflection.cache
    def get_foreign_keys(self, connection, table_name, schema=None, **kw):
        return self._none(connection, table_name, schema)

    @reflection.cache
    def get_indexes(self, connection, table_name, schema=None, **kw):
        return self._none(connection, table_name, schema)

    @reflection.cache
    def get_unique_constraints(self, connection, table_name, schema=None, **kw):
        return self._none(connection, table_name, schema)

    @reflection.cache
    def get_check_constraints(self, connection, table_name, schema=None, **kw):
        return self._none(connection, table_name, schema)

    @reflection.cache
    def get_temp_table_names(self, connection, **kw):
        return []

    @reflection.cache
    def get_temp_view_names(self, connection, **kw):
        return []

    @reflection.cache
    def get_sequence_names(self, connection, schema=None, **kw):
        return []

    def has_sequence(self, connection, sequence_name, schema=None, **kw):
        return False


_OPTIONS = {"schema", "tls", "tls_skip_verify", "tls_ca", "token"}
