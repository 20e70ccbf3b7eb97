"""A caller of a Flight SQL server: one bearer token, and the commands as methods."""

import pyarrow as pa
import pyarrow.flight as flight

from flight_sql_messages import packed, parse, signed, unpacked


class Cookies(flight.ClientMiddlewareFactory):
    """Keeps the cookies that the server sets, as Arrow's other clients do."""

    def __init__(self):
        self.kept = {}

    def start_call(self, info):
        factory = self

        class Middleware(flight.ClientMiddleware):
            def received_headers(self, headers):
                for name, values in headers.items():
                    if name.lower() == "set-cookie":
                        for value in values:
                            pair = value.split(";", 1)[0]
                            key, _, text = pair.partition("=")
                            factory.kept[key.strip()] = text.strip()

            def sending_headers(self):
                if not factory.kept:
                    return {}
                return {"cookie": "; ".join(f"{key}={text}" for key, text in factory.kept.items())}

        return Middleware()


class Caller:
    """One bearer token at one server."""

    def __init__(self, address, token, cookies=False, compression=None):
        middleware = [Cookies()] if cookies else []
        self.client = flight.FlightClient(f"grpc://{address}", middleware=middleware)
        headers = [(b"authorization", b"Bearer " + token.encode())]
        if compression is not None:
            headers.append((b"skua-compression", compression.encode()))
        self.headers = headers
        self.options = flight.FlightCallOptions(headers=headers)

    def info(self, command):
        return self.client.get_flight_info(flight.FlightDescriptor.for_command(command), self.options)

    def reader(self, info):
        return self.client.do_get(info.endpoints[0].ticket, self.options)

    def fetch(self, command):
        return self.reader(self.info(command)).read_all()

    def query(self, sql, transaction=None):
        return self.fetch(packed("CommandStatementQuery", _1=sql, _2=transaction))

    def rows(self, sql, transaction=None):
        return [tuple(row.values()) for row in self.query(sql, transaction).to_pylist()]

    def put(self, command, schema, batches=(), writing=None):
        """DoPut, with options of the IPC format; the application metadata of the answer, or None where there was none."""
        descriptor = flight.FlightDescriptor.for_command(command)
        options = self.options if writing is None else flight.FlightCallOptions(headers=self.headers, write_options=writing)
        writer, reader = self.client.do_put(descriptor, schema, options)
        try:
            for batch in batches:
                writer.write_batch(batch)
            writer.done_writing()
            answer = reader.read()
        finally:
            writer.close()
        return None if answer is None else answer.to_pybytes()

    def update(self, sql, transaction=None):
        answer = self.put(packed("CommandStatementUpdate", _1=sql, _2=transaction), pa.schema([]))
        return signed(parse(answer).get(1, [0])[0])

    def action(self, name, body):
        return [result.body.to_pybytes() for result in self.client.do_action(flight.Action(name, body), self.options)]

    def prepare(self, sql, transaction=None):
        (body,) = self.action(
            "CreatePreparedStatement", packed("ActionCreatePreparedStatementRequest", _1=sql, _2=transaction)
        )
        name, fields = unpacked(body)
        assert name == "ActionCreatePreparedStatementResult", name
        return Prepared(self, fields)

    def close(self):
        self.client.close()


class Prepared:
    def __init__(self, caller, fields):
        self.caller = caller
        self.handle = fields[1][0]
        self.result_schema = _schema(fields.get(2))
        self.parameter_schema = _schema(fields.get(3))
        self.is_update = bool(fields[4][0]) if 4 in fields else None

    def bind(self, batch):
        answer = self.caller.put(packed("CommandPreparedStatementQuery", _1=self.handle), batch.schema, [batch])
        if answer:
            self.handle = parse(answer).get(1, [self.handle])[0]

    def fetch(self):
        return self.caller.fetch(packed("CommandPreparedStatementQuery", _1=self.handle))

    def update(self, batch=None):
        schema = pa.schema([]) if batch is None else batch.schema
        batches = [] if batch is None else [batch]
        answer = self.caller.put(packed("CommandPreparedStatementUpdate", _1=self.handle), schema, batches)
        return signed(parse(answer).get(1, [0])[0])

    def close(self):
        self.caller.action(
            "ClosePreparedStatement", packed("ActionClosePreparedStatementRequest", _1=self.handle)
        )


def _schema(values):
    if not values or not values[0]:
        return None
    return pa.ipc.read_schema(pa.py_buffer(values[0]))
