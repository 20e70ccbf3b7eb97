"""SQL through pyarrow.flight."""

import pathlib
import sys

import pyarrow.flight as flight

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "test" / "clients"))

from flight_sql_messages import packed  # noqa: E402


class FlightSql:
    def __init__(self, uri, token):
        self.client = flight.FlightClient(uri)
        self.options = flight.FlightCallOptions(headers=[(b"authorization", b"Bearer " + token.encode())])

    def reader(self, sql):
        descriptor = flight.FlightDescriptor.for_command(packed("CommandStatementQuery", _1=sql))
        info = self.client.get_flight_info(descriptor, self.options)
        return self.client.do_get(info.endpoints[0].ticket, self.options)

    def table(self, sql):
        return self.reader(sql).read_all()

    def close(self):
        self.client.close()
