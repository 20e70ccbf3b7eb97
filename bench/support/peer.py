"""The peer: Arrow's own C++ Flight server, as pyarrow has it, in front of DuckDB reading the same Parquet files, each a table of the file's
name. The connection is kept. No SQL protocol, no token, no catalog."""

import pathlib
import sys

import duckdb
import pyarrow.flight as flight


class Peer(flight.FlightServerBase):
    def __init__(self, paths):
        super().__init__("grpc://127.0.0.1:0")
        self.connection = duckdb.connect()
        for path in map(pathlib.Path, paths):
            self.connection.execute(f"CREATE VIEW {path.stem} AS FROM '{path}'")

    def do_get(self, context, ticket):
        cursor = self.connection.cursor()
        cursor.execute(ticket.ticket.decode())
        # About the rows that fit into the messages of Skua.
        reader = cursor.to_arrow_reader(8192)
        return flight.RecordBatchStream(reader)


if __name__ == "__main__":
    server = Peer(sys.argv[1:])
    print(server.port, flush=True)
    server.serve()
