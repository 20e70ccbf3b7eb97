"""Skua through the ADBC Flight SQL driver: its DBAPI 2.0 module, and the driver manager's low level.

    python adbc_client.py seed|full --address 127.0.0.1:50051 --token TOKEN [--reader-token TOKEN]
"""

import datetime
import threading
import time
from decimal import Decimal

import adbc_driver_flightsql
import adbc_driver_manager
import pyarrow as pa
from adbc_driver_flightsql import DatabaseOptions, dbapi

from checks import Checks, arguments

EVENTS = "quickstart.demo.events"
COLUMNS = [("id", "int64"), ("kind", "string"), ("amount", "double")]
ENDLESS = "SELECT a.range AS a, b.range AS b FROM range(1000000000) a, range(1000000000) b"
Error = adbc_driver_manager.Error


def connect(given, token=None, autocommit=True, **options):
    token = given.token if token is None else token
    return dbapi.connect(
        f"grpc://{given.address}",
        db_kwargs={
            DatabaseOptions.AUTHORIZATION_HEADER.value: f"Bearer {token}",
            DatabaseOptions.WITH_COOKIE_MIDDLEWARE.value: "true",
            **options,
        },
        autocommit=autocommit,
    )


def run(connection, sql, parameters=None):
    """The rows of a statement; what a change answers, where it is one."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def change(connection, sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


def status(error):
    return adbc_driver_manager.AdbcStatusCode(error.status_code).name


def seed(checks, given):
    with connect(given) as admin:
        checks.equal("SHOW SCHEMAS gives demo", [row[0] for row in run(admin, "SHOW SCHEMAS")], ["demo"])
        change(admin, f"DROP TABLE IF EXISTS {EVENTS}")
        change(admin, f"CREATE TABLE {EVENTS} (id BIGINT, kind VARCHAR, amount DOUBLE)")
        with admin.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {EVENTS}"
                " VALUES (1,'click',1.50),(2,'purchase',42.00),(3,'click',0.75),(4,'purchase',13.25)"
            )
            checks.equal("the INSERT reports 4 rows", cursor.rowcount, 4)
        rows = run(
            admin,
            f"SELECT kind, COUNT(*) AS n, ROUND(SUM(amount), 2) AS total FROM {EVENTS}"
            " GROUP BY kind ORDER BY total DESC",
        )
        checks.equal("result rows", rows, [("purchase", 2, 55.25), ("click", 2, 2.25)])
        statement = adbc_driver_manager.AdbcStatement(admin.adbc_connection)
        statement.set_sql_query(f"INSERT INTO {EVENTS} SELECT * FROM {EVENTS} WHERE id > 4")
        checks.equal("execute_update tells the count of an empty INSERT", statement.execute_update(), 0)
        statement.close()

    if given.reader_token:
        with connect(given, given.reader_token) as reader:
            checks.equal("a reader counts 4", run(reader, f"SELECT COUNT(*) FROM {EVENTS}"), [(4,)])
            checks.refused(
                "a reader's INSERT is refused in the catalog's words",
                lambda: run(reader, f"INSERT INTO {EVENTS} VALUES (5,'click',1.0)"),
                Error,
                "is not authorized for op",
            )
            checks.equal("and nothing was added", run(reader, f"SELECT COUNT(*) FROM {EVENTS}"), [(4,)])

    def forged():
        with connect(given, "not.a.real.jwt") as connection:
            return run(connection, "SELECT 1")

    checks.refused("a forged token is refused", forged, Error, "UNAUTHENTICATED")


def objects(checks, given, admin):
    def tree(**filters):
        return admin.adbc_get_objects(**filters).read_all().to_pylist()

    for depth in ("catalogs", "db_schemas", "tables", "all"):
        (catalog,) = tree(depth=depth, catalog_filter="quickstart")
        checks.equal(f"depth {depth}: the catalog", catalog["catalog_name"], "quickstart")
        schemas = catalog["catalog_db_schemas"]
        if depth == "catalogs":
            checks.true("depth catalogs has no schemas", not schemas, schemas)
            continue
        names = [schema["db_schema_name"] for schema in schemas]
        checks.true(f"depth {depth}: the schema", "demo" in names, names)
        tables = schemas[names.index("demo")]["db_schema_tables"]
        if depth == "db_schemas":
            checks.true("depth db_schemas has no tables", not tables, tables)
            continue
        table = next(table for table in tables if table["table_name"] == "events")
        checks.equal(f"depth {depth}: the table type", table["table_type"], "TABLE")
        if depth == "all":
            checks.equal(
                "depth all: columns in order",
                [(column["column_name"], column["ordinal_position"]) for column in table["table_columns"]],
                [("id", 1), ("kind", 2), ("amount", 3)],
            )
    (catalog,) = tree(depth="tables", catalog_filter="quickstart", db_schema_filter="demo", table_name_filter="ev%")
    found = [table["table_name"] for schema in catalog["catalog_db_schemas"] for table in schema["db_schema_tables"]]
    checks.equal("filters by pattern", found, ["events"])
    checks.true("table types", {"TABLE", "VIEW"} <= set(admin.adbc_get_table_types()), admin.adbc_get_table_types())
    info = admin.adbc_get_info()
    checks.true("the server's name and version", info.get("vendor_name") and info.get("vendor_version"), info)
    schema = admin.adbc_get_table_schema("events", catalog_filter="quickstart", db_schema_filter="demo")
    checks.equal("adbc_get_table_schema", [(column.name, str(column.type)) for column in schema], COLUMNS)
    checks.refused(
        "adbc_get_table_schema of no table",
        lambda: admin.adbc_get_table_schema("no_such", catalog_filter="quickstart", db_schema_filter="demo"),
        Error,
    )


def parameters(checks, given, admin):
    values = (
        True,
        -(2**63),
        1.5,
        "it's; DROP TABLE x --",
        b"\x00\xff",
        Decimal("-12345.678"),
        datetime.date(1500, 2, 28),
        datetime.datetime(2026, 1, 2, 3, 4, 5, 678901),
        datetime.time(1, 2, 3, 4),
    )
    kinds = ["BOOLEAN", "BIGINT", "DOUBLE", "VARCHAR", "BLOB", "DECIMAL(18,3)", "DATE", "TIMESTAMP", "TIME"]
    marks = ", ".join(f"CAST(? AS {kind})" for kind in kinds)
    checks.equal("a parameter of each type comes back", run(admin, f"SELECT {marks}", values), [values])
    checks.equal("a null", run(admin, "SELECT CAST(? AS BIGINT) IS NULL", (None,)), [(True,)])
    checks.equal("in a filter", run(admin, f"SELECT kind FROM {EVENTS} WHERE id = ?", (2,)), [("purchase",)])
    escapes = (
        "SELECT {fn LOCATE(?, ?)}, {fn TIMESTAMPADD(SQL_TSI_DAY, ?, ?)}, {fn CONVERT(?, SQL_INTEGER)},"
        " {fn TRUNCATE(?, 1)}, {fn INSERT(?, 1, ?, 'x')}, {fn DAYOFWEEK(?)}, {fn TIMESTAMPDIFF(SQL_TSI_DAY, ?, ?)},"
        " {d '2026-01-01'} + {fn CONVERT(?, SQL_INTERVAL_DAY)}"
    )
    monday, earlier = datetime.date(2026, 11, 30), datetime.datetime(2026, 11, 28, 12)
    values = ("b", "abc", 1, datetime.datetime(2026, 1, 31), "7", 1.29, "abc", 2, monday, earlier, monday, "3")
    wanted = (2, datetime.datetime(2026, 2, 1), 7, 1.2, "xc", 2, 1, datetime.datetime(2026, 1, 4))
    checks.equal("in the functions of escapes", run(admin, escapes, values), [wanted])
    for sql, given, expected in [
        ("SELECT coalesce(NULL::INTEGER, ?)", (2.5,), 2.5),
        ("SELECT coalesce(NULL::INTEGER, ?)", (3_000_000_000,), 3_000_000_000),
        ("SELECT CASE WHEN ? THEN ? ELSE 0 END", (True, 3_000_000_000), 3_000_000_000),
        ("SELECT [?, 1]", (2.5,), [2.5, 1.0]),
        ("SELECT coalesce(?, 'd')", (5,), "5"),
        ("SELECT greatest(?, 1)", (2.5,), 2.5),
        ("SELECT ? + 1", (41,), 42),
        ("SELECT abs(?)", (-2.5,), 2.5),
        ("SELECT year(?)", (datetime.date(2026, 3, 1),), 2026),
        ("SELECT round(2.345::DOUBLE, ?)", (2,), 2.35),
        ("SELECT date_trunc('month', ?)", (datetime.datetime(2026, 3, 9, 1),), datetime.datetime(2026, 3, 1)),
        ("SELECT ? AS note", (None,), None),
        ("SELECT len(?)", ([1, 2],), 2),
        ("SELECT len(?)", (None,), None),
        ("SELECT ?", ([{"a": 1, "b": None}],), [{"a": 1, "b": None}]),
        ("SELECT sum(?) FROM range(3)", (1.5,), 4.5),
        ("SELECT sum(range) FROM range(3) HAVING sum(range) > ?", (2,), 3),
        ("SELECT count(*) FROM range(3) WHERE ? IS NULL OR range = ?", (None, None), 3),
        ("SELECT coalesce(NULL::DECIMAL(4,1), ?)", (Decimal("2.25"),), Decimal("2.25")),
    ]:
        checks.equal(f"{sql} with {given}", run(admin, sql, given), [(expected,)])
    with admin.cursor() as cursor:
        schema = cursor.adbc_prepare("SELECT CAST(? AS BIGINT) AS a, CAST(? AS VARCHAR) AS b")
        checks.equal("adbc_prepare knows the parameter types", [str(c.type) for c in schema], ["int64", "string"])

    table = "quickstart.demo.adbc_many"
    change(admin, f"DROP TABLE IF EXISTS {table}")
    change(admin, f"CREATE TABLE {table} (id BIGINT, name VARCHAR, price DECIMAL(10,2))")
    with admin.cursor() as cursor:
        rows = [(n, f"name {n}", Decimal(n) / 4) for n in range(100)]
        cursor.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows)
        checks.equal("executemany tells its count", cursor.rowcount, 100)
    stored = run(admin, f"SELECT COUNT(*), SUM(price), COUNT(DISTINCT name) FROM {table}")
    checks.equal("executemany stored every row", stored, [(100, Decimal("1237.50"), 100)])
    with admin.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET name = ?, price = ? WHERE id = ?", [(f"new {n}", n, n) for n in range(50)])
        checks.equal("executemany of an UPDATE tells its count", cursor.rowcount, 50)
        cursor.executemany(f"DELETE FROM {table} WHERE id = ?", [(n,) for n in range(40, 110)])
        checks.equal("executemany of a DELETE tells its count", cursor.rowcount, 60)
    left = run(admin, f"SELECT COUNT(*), SUM(price), MIN(name) FROM {table}")
    checks.equal("every row was changed once", left, [(40, Decimal("780.00"), "new 0")])
    with admin.cursor() as cursor:
        cursor.execute(
            f"MERGE INTO {table} AS t USING (SELECT 1 AS id UNION ALL SELECT 500) AS s ON t.id = s.id"
            " WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (id)"
        )
        checks.equal("a MERGE tells its count", cursor.rowcount, 2)
    change(admin, f"DROP TABLE {table}")


def ingest(checks, given, admin):
    table = "adbc_ingest"
    name = f"quickstart.demo.{table}"
    change(admin, f"DROP TABLE IF EXISTS {name}")
    data = pa.table({
        "id": pa.array([1, 2, 3], pa.int64()),
        "name": ["a", None, "c"],
        "at": pa.array([0, 1, None], pa.timestamp("us", "UTC")),
        "tags": pa.array([["x"], [], None], pa.list_(pa.utf8())),
    })

    def put(mode, **options):
        with admin.cursor() as cursor:
            return cursor.adbc_ingest(
                table, data, mode=mode, catalog_name="quickstart", db_schema_name="demo", **options
            )

    def count():
        return run(admin, f"SELECT COUNT(*) FROM {name}")[0][0]

    checks.refused("append to a missing table", lambda: put("append"), Error, table)
    checks.equal("create", put("create"), 3)
    checks.refused("create over a table", lambda: put("create"), Error, table)
    checks.equal("append", (put("append"), count()), (3, 6))
    checks.equal("create_append", (put("create_append"), count()), (3, 9))
    checks.equal("replace", (put("replace"), count()), (3, 3))
    with admin.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {name} ORDER BY id")
        checks.equal("values as they were", cursor.fetch_arrow_table().to_pylist(), data.to_pylist())
    other = pa.table({"other": ["x", "y"], "day": [datetime.date(2026, 1, 31), None]})
    with admin.cursor() as cursor:
        replaced = cursor.adbc_ingest(table, other, mode="replace", catalog_name="quickstart", db_schema_name="demo")
        cursor.execute(f"SELECT * FROM {name} ORDER BY other")
        checks.equal("replace by other columns", (replaced, cursor.fetch_arrow_table().to_pylist()), (2, other.to_pylist()))
    change(admin, f"DROP TABLE {name}")
    hundreds = pa.table({"n": pa.array([Decimal("9900"), None, Decimal("-100")], pa.decimal128(2, -2))})
    with admin.cursor() as cursor:
        cursor.adbc_ingest(table, hundreds, mode="create", catalog_name="quickstart", db_schema_name="demo")
        cursor.execute(f"SELECT n, n = ? FROM {name} ORDER BY n", (Decimal("9900"),))
        checks.equal("hundreds", cursor.fetchall(), [(Decimal(-100), False), (Decimal(9900), True), (None, None)])
    change(admin, f"DROP TABLE {name}")

    with admin.cursor() as cursor:
        cursor.adbc_ingest("adbc_temporary", data, mode="create", temporary=True)
        cursor.execute("SELECT COUNT(*) FROM adbc_temporary")
        checks.equal("a temporary table", cursor.fetchall(), [(3,)])


def cancelling(checks, given, admin):
    with admin.cursor() as cursor:
        cursor.execute(ENDLESS)
        reader = cursor.fetch_record_batch()
        reader.read_next_batch()
        threading.Timer(0.5, cursor.adbc_cancel).start()

        def drain():
            for _ in reader:
                pass
            return "the stream ended as if it were whole"

        checks.refused("adbc_cancel ends the stream", drain, Exception, "ancel")
    checks.equal("the connection goes on", run(admin, "SELECT 1"), [(1,)])


def partitions(checks, given, admin):
    with admin.cursor() as cursor:
        parts, schema = cursor.adbc_execute_partitions(f"SELECT * FROM {EVENTS}")
    checks.equal("partitions tell the schema", [(column.name, str(column.type)) for column in schema], COLUMNS)
    rows = []
    for part in parts:
        with connect(given) as other, other.cursor() as cursor:
            cursor.adbc_read_partition(part)
            rows += cursor.fetchall()
    checks.equal("another connection reads them", sorted(row[0] for row in rows), [1, 2, 3, 4])


def transactions(checks, given, admin):
    table = "quickstart.demo.adbc_transaction"
    other = "quickstart.demo.adbc_transaction_2"
    count = f"SELECT COUNT(*) FROM {table}"
    for name in (table, other):
        change(admin, f"DROP TABLE IF EXISTS {name}")
        change(admin, f"CREATE TABLE {name} (id BIGINT)")
    with connect(given, autocommit=False) as connection:
        run(connection, f"INSERT INTO {table} VALUES (1)")
        checks.equal("seen inside", run(connection, count), [(1,)])
        checks.equal("not seen outside", run(admin, count), [(0,)])
        connection.rollback()
        checks.equal("a rollback leaves nothing", run(connection, count), [(0,)])
        run(connection, f"INSERT INTO {table} VALUES (1), (2)")
        run(connection, f"INSERT INTO {other} VALUES (3)")
        connection.commit()
        both = f"SELECT (SELECT COUNT(*) FROM {table}), (SELECT COUNT(*) FROM {other})"
        checks.equal("a commit keeps the changes to both tables", run(admin, both), [(2, 1)])
        run(connection, f"DROP TABLE {other}")
        run(connection, f"CREATE TABLE {other} (id BIGINT)")
        run(connection, f"INSERT INTO {other} VALUES (4)")
        drop = lambda: run(connection, f"DROP TABLE {other}")
        checks.refused("no definition after a change", drop, Error, "can't be part of a transaction")
        connection.rollback()
        checks.equal("definitions take effect at once", run(admin, f"SELECT COUNT(*) FROM {other}"), [(0,)])
    for name in (table, other):
        change(admin, f"DROP TABLE {name}")


def low_level(checks, given, admin):
    database = adbc_driver_flightsql.connect(
        f"grpc://{given.address}",
        db_kwargs={DatabaseOptions.AUTHORIZATION_HEADER.value: f"Bearer {given.token}"},
    )
    connection = adbc_driver_manager.AdbcConnection(database)
    statement = adbc_driver_manager.AdbcStatement(connection)
    statement.set_sql_query(f"SELECT * FROM {EVENTS} ORDER BY id")
    stream, _ = statement.execute_query()
    table = pa.RecordBatchReader._import_from_c(stream.address).read_all()
    checks.equal("a statement's stream", table.column("id").to_pylist(), [1, 2, 3, 4])
    handle = statement.execute_schema()
    schema = pa.Schema._import_from_c(handle.address)
    checks.equal("a schema without running", [(column.name, str(column.type)) for column in schema], COLUMNS)
    statement.close()
    connection.close()
    database.close()

    password = dbapi.connect(
        f"grpc://{given.address}", db_kwargs={"username": "token", "password": given.token}, autocommit=True
    )
    with password:
        checks.equal("the token as a password", run(password, "SELECT 1"), [(1,)])


def errors(checks, given, admin):
    for name, sql, code in (
        ("a syntax error", "SELEC 1", "INVALID_ARGUMENT"),
        ("an unknown table", "SELECT * FROM quickstart.demo.no_such", "NOT_FOUND"),
        ("an unknown column", f"SELECT no_such FROM {EVENTS}", "INVALID_ARGUMENT"),
    ):
        try:
            run(admin, sql)
            checks.equal(name, "no error", code)
        except Error as error:
            checks.equal(name, status(error), code)


def current_names(checks, given, admin):
    with connect(given) as connection:
        connection.adbc_current_catalog = "quickstart"
        connection.adbc_current_db_schema = "demo"
        names = ("adbc_current_catalog", "adbc_current_db_schema")
        for name in names:
            try:
                setattr(connection, name, "nowhere")
                checks.equal(f"{name} of none", "no error", "NOT_FOUND")
            except Error as error:
                checks.equal(f"{name} of none", status(error), "NOT_FOUND")
        checks.equal("names that stay", [getattr(connection, name) for name in names], ["quickstart", "demo"])


def large_result(checks, given, admin):
    rows = 2_000_000
    start = time.monotonic()
    with admin.cursor() as cursor:
        cursor.execute(f"SELECT range AS n, range::VARCHAR AS text FROM range({rows})")
        seen = total = 0
        for batch in cursor.fetch_record_batch():
            seen += batch.num_rows
            total += pa.compute.sum(batch.column(0)).as_py()
    checks.equal("a large result arrives whole", (seen, total), (rows, rows * (rows - 1) // 2))
    print(f"        {rows} rows in {time.monotonic() - start:.2f} s")


def main():
    import pyarrow.compute  # noqa: F401 - registers pa.compute

    given = arguments(__doc__)
    checks = Checks()
    checks.group("seed scenario", lambda: seed(checks, given))
    if given.scenario == "full":
        with connect(given) as admin:
            for part in (
                objects,
                parameters,
                ingest,
                cancelling,
                partitions,
                transactions,
                low_level,
                errors,
                current_names,
                large_result,
            ):
                checks.group(part.__name__.replace("_", " "), lambda part=part: part(checks, given, admin))
    checks.finish()


if __name__ == "__main__":
    main()
