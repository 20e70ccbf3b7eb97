"""Skua through pyarrow.flight, with the Flight SQL messages written by hand.

    python pyarrow_client.py seed|full --address 127.0.0.1:50051 --token TOKEN [--reader-token TOKEN]
"""

import threading

import pyarrow as pa
import pyarrow.flight as flight

from checks import Checks, arguments
from flight_sql_caller import Caller
from flight_sql_messages import field, message, packed, parse, signed, unpacked
from metadata_schemas import KEYS, METADATA

EVENTS = "quickstart.demo.events"
GROUPED = (
    f"SELECT kind, COUNT(*) AS n, ROUND(SUM(amount), 2) AS total FROM {EVENTS} GROUP BY kind ORDER BY total DESC"
)
# Runs for hours unless somebody stops it.
ENDLESS = "SELECT a.range AS a, b.range AS b FROM range(1000000000) a, range(1000000000) b"


def seed(checks, given):
    admin = Caller(given.address, given.token)
    checks.equal("SHOW SCHEMAS gives demo", [row[0] for row in admin.rows("SHOW SCHEMAS")], ["demo"])
    dropped = admin.update(f"DROP TABLE IF EXISTS {EVENTS}")
    created = admin.update(f"CREATE TABLE {EVENTS} (id BIGINT, kind VARCHAR, amount DOUBLE)")
    # A count that is not known, -1, makes the JDBC driver run a definition a second time.
    checks.equal("definitions report 0 rows", (dropped, created), (0, 0))
    count = admin.update(
        f"INSERT INTO {EVENTS} VALUES (1,'click',1.50),(2,'purchase',42.00),(3,'click',0.75),(4,'purchase',13.25)"
    )
    checks.equal("the INSERT reports 4 rows", count, 4)
    table = admin.query(GROUPED)
    checks.equal("result types", [str(column.type) for column in table.schema], ["string", "int64", "double"])
    checks.equal(
        "result rows",
        [tuple(row.values()) for row in table.to_pylist()],
        [("purchase", 2, 55.25), ("click", 2, 2.25)],
    )
    info = admin.info(packed("CommandStatementQuery", _1=GROUPED))
    checks.equal("GetFlightInfo knows the schema", info.schema.names, ["kind", "n", "total"])
    descriptor = flight.FlightDescriptor.for_command(packed("CommandStatementQuery", _1=GROUPED))
    schema = admin.client.get_schema(descriptor, admin.options).schema
    checks.equal("GetSchema gives the same schema", schema, info.schema)
    admin.close()

    if given.reader_token:
        reader = Caller(given.address, given.reader_token)
        checks.equal("a reader counts 4", reader.rows(f"SELECT COUNT(*) FROM {EVENTS}"), [(4,)])
        checks.refused(
            "a reader's INSERT is refused in the catalog's words",
            lambda: reader.update(f"INSERT INTO {EVENTS} VALUES (5,'click',1.0)"),
            flight.FlightUnauthorizedError,
            "is not authorized for op",
        )
        checks.equal("and nothing was added", reader.rows(f"SELECT COUNT(*) FROM {EVENTS}"), [(4,)])
        reader.close()

    forged = Caller(given.address, "not.a.real.jwt")
    checks.refused("a forged token is refused", lambda: forged.rows("SELECT 1"), flight.FlightUnauthenticatedError)
    forged.close()


def metadata(checks, admin):
    commands = [
        ("CommandGetCatalogs", {}, METADATA["catalogs"]),
        ("CommandGetDbSchemas", {}, METADATA["schemas"]),
        ("CommandGetTables", {}, METADATA["tables"]),
        ("CommandGetTables", {"_5": True}, METADATA["tables with schema"]),
        ("CommandGetTableTypes", {}, METADATA["table types"]),
        ("CommandGetPrimaryKeys", {"_1": "quickstart", "_2": "demo", "_3": "events"}, METADATA["primary keys"]),
        ("CommandGetExportedKeys", {"_1": "quickstart", "_2": "demo", "_3": "events"}, KEYS),
        ("CommandGetImportedKeys", {"_1": "quickstart", "_2": "demo", "_3": "events"}, KEYS),
        ("CommandGetCrossReference", {"_3": "events", "_6": "events"}, KEYS),
        ("CommandGetSqlInfo", {}, METADATA["sql info"]),
        ("CommandGetXdbcTypeInfo", {}, METADATA["type info"]),
    ]
    for name, fields, expected in commands:
        command = packed(name, **fields)
        info = admin.info(command)
        table = admin.reader(info).read_all()
        checks.true(f"{name} has the contract's schema", table.schema.equals(expected), f"got {table.schema}")
        checks.true(f"{name} announces that schema", info.schema.equals(expected), f"got {info.schema}")

    catalogs = admin.fetch(packed("CommandGetCatalogs")).column(0).to_pylist()
    checks.true("quickstart is a catalog", "quickstart" in catalogs, catalogs)
    schemas = admin.fetch(packed("CommandGetDbSchemas", _1="quickstart", _2="de%")).column(1).to_pylist()
    checks.equal("a schema by pattern", schemas, ["demo"])
    found = admin.fetch(packed("CommandGetTables", _1="quickstart", _2="demo", _3="event_", _5=True)).to_pylist()
    checks.equal(
        "a table by pattern",
        [(row["catalog_name"], row["db_schema_name"], row["table_name"], row["table_type"]) for row in found],
        [("quickstart", "demo", "events", "TABLE")],
    )
    schema = pa.ipc.read_schema(pa.py_buffer(found[0]["table_schema"]))
    checks.equal("its columns", [(c.name, str(c.type)) for c in schema], [
        ("id", "int64"),
        ("kind", "string"),
        ("amount", "double"),
    ])
    column = schema.field("id").metadata or {}
    checks.true("its type name", column.get(b"ARROW:FLIGHT:SQL:TYPE_NAME"), column)
    escaped = admin.fetch(packed("CommandGetTables", _1="quickstart", _2="demo", _3="event\\_")).num_rows
    checks.equal("an escaped _ is no wildcard", escaped, 0)
    views = admin.fetch(packed("CommandGetTables", _1="quickstart", _3="events", _4=["VIEW"])).num_rows
    checks.equal("a table is not listed among views", views, 0)
    types = admin.fetch(packed("CommandGetTableTypes")).column(0).to_pylist()
    checks.equal("table types", sorted(types), ["TABLE", "VIEW"])

    wanted = admin.fetch(packed("CommandGetSqlInfo", _1=b"\x00\x08\x0a")).to_pylist()
    checks.equal("SqlInfo by code", sorted(row["info_name"] for row in wanted), [0, 8, 10])
    values = {row["info_name"]: row["value"] for row in wanted}
    checks.equal("transactions without savepoints, and bulk ingest", (values[8], values[10]), (1, True))


def prepared_statements(checks, admin):
    query = admin.prepare("SELECT CAST(? AS BIGINT) + 1 AS next, CAST(? AS VARCHAR) AS name")
    checks.equal("a query has a result schema", query.result_schema.names, ["next", "name"])
    checks.equal("parameter types", [str(c.type) for c in query.parameter_schema], ["int64", "string"])
    checks.equal("a query is no update", query.is_update, False)
    query.bind(pa.record_batch([pa.array([1, 41], pa.int64()), pa.array(["a", "it's; -- b"])], names=["1", "2"]))
    checks.equal("each bound row is one execution", [tuple(row.values()) for row in query.fetch().to_pylist()], [
        (2, "a"),
        (42, "it's; -- b"),
    ])
    member = pa.UnionArray.from_dense(
        pa.array([1], pa.int8()), pa.array([0], pa.int32()), [pa.array([], pa.float64()), pa.array([6], pa.int64())]
    )
    query.bind(pa.record_batch([member, pa.array(["a"])], names=["1", "2"]))
    checks.equal("a parameter may come as a union", query.fetch().to_pylist(), [{"next": 7, "name": "a"}])
    query.close()
    checks.refused("a closed statement is gone", query.fetch, Exception, "repared")

    table = "quickstart.demo.pyarrow_prepared"
    admin.update(f"DROP TABLE IF EXISTS {table}")
    definition = admin.prepare(f"CREATE TABLE {table} (id BIGINT, name VARCHAR)")
    checks.equal("a definition is an update", definition.is_update, True)
    definition.update()
    insert = admin.prepare(f"INSERT INTO {table} VALUES (?, ?)")
    checks.equal("an INSERT is an update", insert.is_update, True)
    checks.equal("its parameters have the columns' types", [str(c.type) for c in insert.parameter_schema], [
        "int64",
        "string",
    ])
    batch = pa.record_batch([pa.array([1, 2, 3]), pa.array(["x", None, "z"])], names=["1", "2"])
    checks.equal("an update runs once per bound row", insert.update(batch), 3)
    insert.close()
    checks.equal("and stored them", admin.rows(f"SELECT * FROM {table} ORDER BY id"), [(1, "x"), (2, None), (3, "z")])
    update = admin.prepare(f"UPDATE {table} SET name = ? WHERE id = ?")
    checks.equal("an UPDATE is an update", update.is_update, True)
    checks.equal("its parameters have the columns' types", [str(c.type) for c in update.parameter_schema], [
        "string",
        "int64",
    ])
    batch = pa.record_batch([pa.array(["one", "none"]), pa.array([1, 100])], names=["1", "2"])
    checks.equal("an UPDATE counts the rows that it found", update.update(batch), 1)
    update.close()
    checks.equal("a DELETE reports its rows", admin.update(f"DELETE FROM {table} WHERE name IS NULL OR id = 3"), 2)
    checks.equal("what is left", admin.rows(f"SELECT * FROM {table}"), [(1, "one")])
    admin.update(f"DROP TABLE {table}")


def changes_by_query(checks, admin):
    table = "quickstart.demo.pyarrow_once"
    admin.update(f"DROP TABLE IF EXISTS {table}")
    admin.update(f"CREATE TABLE {table} (id BIGINT)")
    command = packed("CommandStatementQuery", _1=f"INSERT INTO {table} VALUES (1), (2)")
    admin.info(command)
    info = admin.info(command)
    first = admin.reader(info).read_all().to_pylist()
    second = admin.reader(info).read_all().to_pylist()
    checks.equal("a change by the query path answers its count", [list(row.values()) for row in first], [[2]])
    checks.equal("a second DoGet answers the same", second, first)
    checks.equal("and it took effect once", admin.rows(f"SELECT COUNT(*) FROM {table}"), [(2,)])
    admin.update(f"DROP TABLE {table}")


def ingest(checks, admin):
    table = "pyarrow_ingest"
    name = f"quickstart.demo.{table}"
    admin.update(f"DROP TABLE IF EXISTS {name}")
    batch = pa.record_batch([pa.array([1, 2]), pa.array(["a", None])], names=["id", "name"])

    def put(if_not_exists, if_exists):
        definition = message(_1=if_not_exists, _2=if_exists)
        command = packed("CommandStatementIngest", _1=definition, _2=table, _3="demo", _4="quickstart")
        return signed(parse(admin.put(command, batch.schema, [batch])).get(1, [0])[0])

    create, fail_if_missing = 1, 2
    fail, append, replace = 1, 2, 3
    checks.refused("append to a missing table fails", lambda: put(fail_if_missing, append), Exception, table)
    checks.equal("create", put(create, fail), 2)
    checks.refused("create over a table fails", lambda: put(create, fail), Exception, table)
    checks.equal("append", put(fail_if_missing, append), 2)
    checks.equal("create or append", put(create, append), 2)
    checks.equal("rows", admin.rows(f"SELECT COUNT(*), COUNT(name) FROM {name}"), [(6, 3)])
    checks.equal("replace", put(create, replace), 2)
    checks.equal("replaced rows", admin.rows(f"SELECT * FROM {name} ORDER BY id"), [(1, "a"), (2, None)])

    command = packed("CommandStatementIngest", _1=message(_1=create, _2=replace), _2=table, _3="demo", _4="quickstart")
    lists = pa.array([["x", None], [], None, ["y"]], pa.list_view(pa.utf8()))
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([1, 3, 4], pa.int32()), pa.array(["p", None, "q"]))
    batch = pa.record_batch(
        [pa.array(range(4)), lists, runs, pa.array(["m", None, "m", "n"]).dictionary_encode()],
        names=["id", "l", "r", "d"],
    )
    wanted = [(0, ["x", None], "p", "m"), (1, [], None, None), (2, None, None, "m"), (3, ["y"], "q", "n")]
    for options in ({}, {"compression": "lz4"}, {"compression": "zstd"}, {"emit_dictionary_deltas": True}):
        writing = pa.ipc.IpcWriteOptions(**options)
        count = signed(parse(admin.put(command, batch.schema, [batch], writing)).get(1, [0])[0])
        checks.equal(f"ingest with {options}", (count, admin.rows(f"SELECT * FROM {name} ORDER BY id")), (4, wanted))
    admin.update(f"DROP TABLE {name}")


def transactions(checks, admin):
    table = "quickstart.demo.pyarrow_transaction"
    admin.update(f"DROP TABLE IF EXISTS {table}")
    admin.update(f"CREATE TABLE {table} (id BIGINT)")

    def begin():
        (body,) = admin.action("BeginTransaction", packed("ActionBeginTransactionRequest"))
        return unpacked(body)[1][1][0]

    def end(transaction, action):
        admin.action("EndTransaction", packed("ActionEndTransactionRequest", _1=transaction, _2=action))

    count = f"SELECT COUNT(*) FROM {table}"
    transaction = begin()
    checks.equal("a change inside", admin.update(f"INSERT INTO {table} VALUES (1)", transaction), 1)
    checks.equal("it is seen inside", admin.rows(count, transaction), [(1,)])
    checks.equal("and not outside", admin.rows(count), [(0,)])
    end(transaction, 2)
    checks.equal("a rollback leaves nothing", admin.rows(count), [(0,)])
    transaction = begin()
    admin.update(f"INSERT INTO {table} VALUES (1)", transaction)
    admin.update(f"INSERT INTO {table} VALUES (2)", transaction)
    end(transaction, 1)
    checks.equal("a commit keeps both", admin.rows(count), [(2,)])
    checks.refused("an ended transaction is gone", lambda: admin.rows(count, transaction), Exception, "ransaction")
    admin.update(f"DROP TABLE {table}")


def cancel(checks, admin):
    def end_of(stop):
        info = admin.info(packed("CommandStatementQuery", _1=ENDLESS))
        reader = admin.reader(info)
        reader.read_chunk()
        outcome = []

        def drain():
            try:
                for _ in reader:
                    pass
                outcome.append("ended as if it were whole")
            except Exception as error:  # noqa: BLE001 - the kind is what is checked
                outcome.append(type(error).__name__)

        thread = threading.Thread(target=drain, daemon=True)
        thread.start()
        status = stop(info)
        thread.join(30)
        return status, outcome

    def flight_info(info):
        (body,) = admin.action("CancelFlightInfo", message(_1=info.serialize()))
        return parse(body).get(1, [0])[0]

    def sql_query(info):
        (body,) = admin.action("CancelQuery", packed("ActionCancelQueryRequest", _1=info.serialize()))
        return unpacked(body)[1].get(1, [0])[0]

    for name, stop in (("CancelFlightInfo", flight_info), ("CancelQuery", sql_query)):
        status, outcome = end_of(stop)
        checks.true(f"{name} says cancelled", status in (1, 2), status)
        checks.equal(f"{name} ends the stream as cancelled", outcome, ["FlightCancelledError"])

    info = admin.info(packed("CommandStatementQuery", _1="SELECT 1 AS one"))
    (body,) = admin.action("RenewFlightEndpoint", message(_1=info.endpoints[0].serialize()))
    renewed = flight.FlightEndpoint.deserialize(body)
    table = admin.client.do_get(renewed.ticket, admin.options).read_all()
    checks.equal("a renewed endpoint can be read", table.to_pylist(), [{"one": 1}])


def sessions(checks, given):
    caller = Caller(given.address, given.token, cookies=True)

    def option(name, text):
        return message(_1=name, _2=message(_1=text))

    (body,) = caller.action("SetSessionOptions", field(1, [option("catalog", "quickstart"), option("schema", "demo")]))
    checks.equal("options are taken", parse(body).get(1, []), [])
    checks.equal("unqualified names resolve", caller.rows("SELECT COUNT(*) FROM events"), [(4,)])
    (body,) = caller.action("SetSessionOptions", field(1, [option("no_such_option", "x")]))
    checks.equal("an unknown option is an error of its own", len(parse(body).get(1, [])), 1)
    (body,) = caller.action("GetSessionOptions", b"")
    options = {}
    for entry in parse(body).get(1, []):
        fields = parse(entry)
        options[fields[1][0].decode()] = parse(fields[2][0])
    checks.equal("options are told", options.get("schema", {}).get(1), [b"demo"])
    caller.query("USE quickstart")
    (body,) = caller.action("CloseSession", b"")
    checks.true("the session closes", parse(body).get(1, [0])[0] in (1, 2), parse(body))
    caller.close()


def handshake(checks, given):
    client = flight.FlightClient(f"grpc://{given.address}")
    for user in ("token", ""):
        header = client.authenticate_basic_token(user, given.token)
        options = flight.FlightCallOptions(headers=[header])
        descriptor = flight.FlightDescriptor.for_command(packed("CommandStatementQuery", _1="SELECT 1"))
        info = client.get_flight_info(descriptor, options)
        rows = client.do_get(info.endpoints[0].ticket, options).read_all().num_rows
        checks.equal(f"a token as the password of user '{user}'", rows, 1)
    checks.refused(
        "any other password is refused",
        lambda: client.authenticate_basic_token("adminuser", "adminuser123"),
        flight.FlightUnauthenticatedError,
    )
    client.close()


def errors(checks, admin):
    def update_count():
        return admin.rows(f"SELECT nothing FROM {EVENTS}")

    checks.refused("a syntax error says where", lambda: admin.rows("SELECT\n 1 FROM WHERE"), pa.ArrowInvalid, "line 2")
    checks.refused("an unknown column", update_count, pa.ArrowInvalid, "nothing")
    checks.refused(
        "an unknown table", lambda: admin.rows("SELECT * FROM quickstart.demo.no_such"), KeyError, "no_such"
    )
    checks.refused(
        "a table that is there already",
        lambda: admin.update(f"CREATE TABLE {EVENTS} (id BIGINT)"),
        Exception,
        "already exists",
    )
    checks.refused("local files stay closed", lambda: admin.rows("SELECT * FROM read_csv('/etc/passwd')"), Exception)
    checks.refused(
        "Substrait is not implemented",
        lambda: admin.info(packed("CommandStatementSubstraitPlan", _1=message(_1=b"plan", _2="1"))),
        NotImplementedError,
        "ubstrait",
    )
    checks.refused(
        "a savepoint is not implemented",
        lambda: admin.action("BeginSavepoint", packed("ActionBeginSavepointRequest", _1=b"t", _2="s")),
        NotImplementedError,
        "avepoint",
    )
    info = admin.info(packed("CommandStatementQuery", _1="SELECT 1"))
    ticket = bytearray(info.endpoints[0].ticket.ticket)
    ticket[-1] ^= 1
    checks.refused(
        "a changed ticket is refused",
        lambda: admin.client.do_get(flight.Ticket(bytes(ticket)), admin.options).read_all(),
        Exception,
    )


def other_users_ticket(checks, given, admin):
    if not given.reader_token:
        return
    info = admin.info(packed("CommandStatementQuery", _1=f"SELECT * FROM {EVENTS}"))
    reader = Caller(given.address, given.reader_token)
    checks.refused("a ticket is its owner's only", lambda: reader.reader(info).read_all(), Exception)
    reader.close()


def types(checks, admin):
    from decimal import Decimal

    table = admin.query(
        "SELECT CAST('12345678901234567890123456789012345678' AS DECIMAL(38,0)) AS d38,"
        " CAST(-0.01 AS DECIMAL(10,2)) AS d10, DATE '1500-02-28' AS day, TIME '12:34:56.789012' AS t,"
        " TIMESTAMP '9999-12-31 23:59:59.999999' AS ts, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS tz,"
        " CAST('nan' AS DOUBLE) AS nan, CAST('-inf' AS REAL) AS low, '\U0001d11e' AS clef, '' AS empty,"
        " [1, NULL, 3] AS list, {'a': 1, 'b': [{'c': 'x'}]} AS struct, MAP {'k': 1} AS map,"
        " CAST(NULL AS BIGINT) AS nothing, '\\x00\\xFF'::BLOB AS bytes,"
        " UUID '00112233-4455-6677-8899-aabbccddeeff' AS id"
    )
    row = table.to_pylist()[0]
    kinds = {column.name: str(column.type) for column in table.schema}
    checks.equal("decimal(38,0)", (kinds["d38"], row["d38"]), (
        "decimal128(38, 0)",
        Decimal("12345678901234567890123456789012345678"),
    ))
    checks.equal("decimal(10,2)", (kinds["d10"], row["d10"]), ("decimal128(10, 2)", Decimal("-0.01")))
    checks.equal("a date before 1582", (kinds["day"], str(row["day"])), ("date32[day]", "1500-02-28"))
    checks.equal("a time", (kinds["t"], str(row["t"])), ("time64[us]", "12:34:56.789012"))
    checks.equal("a timestamp", (kinds["ts"], str(row["ts"])), ("timestamp[us]", "9999-12-31 23:59:59.999999"))
    checks.equal("time zones are UTC", kinds["tz"], "timestamp[us, tz=UTC]")
    checks.true("NaN", row["nan"] != row["nan"], row["nan"])
    checks.equal("an infinity", row["low"], float("-inf"))
    checks.equal("text beyond the BMP", (row["clef"], row["empty"]), ("\U0001d11e", ""))
    checks.equal("a list", row["list"], [1, None, 3])
    checks.equal("a struct", row["struct"], {"a": 1, "b": [{"c": "x"}]})
    checks.equal("a map", row["map"], [("k", 1)])
    checks.equal("a null", row["nothing"], None)
    checks.equal("bytes", row["bytes"], b"\x00\xff")
    checks.true("no view types", not any("view" in kind for kind in kinds.values()), kinds)


def compression(checks, given, admin):
    sql = (
        "SELECT range AS n, CASE WHEN range % 7 > 0 THEN 'text ' || range % 100 END AS t, [range, NULL] AS l,"
        " random() AS r, NULL::DATE AS nothing FROM range(50000)"
    )
    for codec in ("none", "lz4", "zstd"):
        asking = Caller(given.address, given.token, compression=codec)
        try:
            table = asking.query(sql)
        except NotImplementedError as refusal:
            checks.true("zstd is refused where the server lacks it", codec == "zstd" and "22.15" in str(refusal), refusal)
        else:
            table.validate(full=True)
            plain = admin.query(sql)
            checks.true(f"the same rows with {codec}", table.drop(["r"]).equals(plain.drop(["r"])), table.num_rows)
            checks.equal(f"random numbers with {codec}", table["r"].null_count, 0)
        asking.close()
    asking = Caller(given.address, given.token, compression="gzip")
    checks.refused("another codec is refused", lambda: asking.query("SELECT 1"), pa.ArrowInvalid, "none, lz4, zstd")
    asking.close()


def actions(checks, admin):
    offered = {action.type for action in admin.client.list_actions(admin.options)}
    wanted = {
        "CreatePreparedStatement",
        "ClosePreparedStatement",
        "BeginTransaction",
        "EndTransaction",
        "CancelQuery",
        "CancelFlightInfo",
        "RenewFlightEndpoint",
        "SetSessionOptions",
        "GetSessionOptions",
        "CloseSession",
    }
    checks.equal("actions that are missing from ListActions", sorted(wanted - offered), [])


def main():
    given = arguments(__doc__)
    checks = Checks()
    checks.group("seed scenario", lambda: seed(checks, given))
    if given.scenario == "full":
        admin = Caller(given.address, given.token)
        for part in (metadata, prepared_statements, changes_by_query, ingest, transactions, cancel, errors, types, actions):
            checks.group(part.__name__.replace("_", " "), lambda part=part: part(checks, admin))
        checks.group("compression", lambda: compression(checks, given, admin))
        checks.group("sessions", lambda: sessions(checks, given))
        checks.group("handshake", lambda: handshake(checks, given))
        checks.group("tickets of others", lambda: other_users_ticket(checks, given, admin))
        admin.close()
    checks.finish()


if __name__ == "__main__":
    main()
