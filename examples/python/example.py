import os
from decimal import Decimal

import pyarrow as pa
from adbc_driver_flightsql import dbapi

TABLE = "quickstart.demo.example_python"

options = {
    "adbc.flight.sql.authorization_header": f"Bearer {os.environ['SKUA_TOKEN']}",
    "adbc.flight.sql.rpc.with_cookie_middleware": "true",
}
address = os.environ.get("SKUA_ADDRESS", "127.0.0.1:50051")
with dbapi.connect(f"grpc://{address}", db_kwargs=options, autocommit=True) as connection, connection.cursor() as cursor:
    cursor.execute(f"CREATE OR REPLACE TABLE {TABLE} (kind VARCHAR, amount DECIMAL(10, 2))")
    rows = pa.table({
        "kind": ["click", "view", "click"],
        "amount": pa.array([Decimal("2.50"), Decimal("1.50"), Decimal("1.25")], pa.decimal128(10, 2)),
    })
    # All rows in one commit.
    cursor.executemany(f"INSERT INTO {TABLE} VALUES (?, ?)", rows)
    cursor.execute(f"SELECT kind, sum(amount) AS total FROM {TABLE} GROUP BY kind ORDER BY kind")
    for kind, total in cursor.fetchall():
        print(kind, total)
