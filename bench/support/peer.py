"""The peer: Arrow's own C++ Flight server, as pyarrow has it, in front of DuckDB reading the same Parquet file. No SQL protocol, no token."""

import sys

import duckdb
import pyarrow.flight as flight


class Peer(flight.FlightServerBase):
    def __init__(self, path):
        super().__init__("grpc://127.0.0.1:0")
        self.path = path

    def do_get(self, context, ticket):
        cursor = duckdb.connect()
        cursor.execute(f"CREATE VIEW lineitem AS FROM '{self.path}'")
        # About the rows that fit into the messages of Skua.
        reader = cursor.execute(ticket.ticket.decode()).to_arrow_reader(8192)
        return flight.RecordBatchStream(reader)


if __name__ == "__main__":
    server = Peer(sys.argv[1])
    print(server.port, flush=True)
    server.serve()
