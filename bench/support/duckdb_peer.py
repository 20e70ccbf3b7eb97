"""DuckDB with its own iceberg and httpfs extensions, in a process of its own. Takes lines of JSON: where the catalog is, then queries. A query
that has `out` writes its rows there as an Arrow file; its time is that of running it and taking its rows as an Arrow table."""

import json
import sys
import time

import duckdb
import duckdb_extensions
import pyarrow as pa

place = json.loads(sys.stdin.readline())
connection = duckdb.connect()
for extension in ["httpfs", "avro", "iceberg"]:
    duckdb_extensions.import_extension(extension)
    connection.load_extension(extension)
endpoint = place["endpoint"].removeprefix("http://")
connection.execute(
    f"CREATE SECRET (TYPE s3, KEY_ID '{place['accessKeyId']}', SECRET '{place['secretAccessKey']}', REGION '{place['region']}',"
    f" ENDPOINT '{endpoint}', URL_STYLE 'path', USE_SSL false)"
)
connection.execute(
    f"ATTACH 'quickstart' AS q (TYPE iceberg, ENDPOINT '{place['catalog']}', TOKEN '{place['token']}', ACCESS_DELEGATION_MODE 'none')"
)
connection.execute("USE q.demo")
print("{}", flush=True)
for line in sys.stdin:
    query = json.loads(line)
    started = time.perf_counter()
    table = connection.execute(query["sql"]).to_arrow_table()
    seconds = time.perf_counter() - started
    if "out" in query:
        with pa.OSFile(query["out"], "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    print(json.dumps({"seconds": seconds}), flush=True)
