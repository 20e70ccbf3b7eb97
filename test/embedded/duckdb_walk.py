"""What DuckDB's own Iceberg client does with a catalog: python duckdb_walk.py URI WAREHOUSE TOKEN ENDPOINT KEY SECRET. Prints each step that worked."""

import sys

import duckdb
import duckdb_extensions

uri, warehouse, token, endpoint, key, secret = sys.argv[1:]
connection = duckdb.connect()
for name in ("httpfs", "avro", "iceberg"):
    duckdb_extensions.import_extension(name)
    connection.load_extension(name)


def rows(sql):
    return connection.execute(sql).fetchall()


connection.execute(
    f"CREATE SECRET (TYPE s3, KEY_ID '{key}', SECRET '{secret}', ENDPOINT '{endpoint.removeprefix('http://')}',"
    " URL_STYLE 'path', USE_SSL false, REGION 'us-east-1')"
)
connection.execute(
    f"ATTACH '{warehouse}' AS lake (TYPE iceberg, ENDPOINT '{uri}', TOKEN '{token}', ACCESS_DELEGATION_MODE 'none')"
)
print("attached")

connection.execute("CREATE TABLE lake.demo.made (id BIGINT, name VARCHAR, price DOUBLE)")
print("created")
connection.execute("INSERT INTO lake.demo.made VALUES (1, 'one', 1.5), (2, 'two', NULL)")
connection.execute("INSERT INTO lake.demo.made SELECT range, 'n' || range, range / 2 FROM range(3, 6)")
assert rows("SELECT count(*), sum(id), max(name) FROM lake.demo.made") == [(5, 15, "two")]
print("inserted")
connection.execute("DELETE FROM lake.demo.made WHERE id = 2")
connection.execute("UPDATE lake.demo.made SET name = 'ONE' WHERE id = 1")
assert rows("SELECT id, name FROM lake.demo.made ORDER BY id LIMIT 2") == [(1, "ONE"), (3, "n3")]
print("changed")
connection.execute("CREATE TABLE lake.demo.copied AS SELECT id, upper(name) AS name FROM lake.demo.made")
assert rows("SELECT count(*) FROM lake.demo.copied") == [(4,)]
print("copied")
connection.execute("BEGIN")
connection.execute("INSERT INTO lake.demo.made VALUES (9, 'nine', 9)")
connection.execute("INSERT INTO lake.demo.copied VALUES (9, 'NINE')")
connection.execute("COMMIT")
assert rows("SELECT (SELECT count(*) FROM lake.demo.made), (SELECT count(*) FROM lake.demo.copied)") == [(5, 5)]
print("transaction")
connection.execute("CREATE SCHEMA lake.shelf")
connection.execute("CREATE TABLE lake.shelf.t (a INTEGER)")
assert rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'shelf'") == [("t",)]
connection.execute("DROP TABLE lake.shelf.t")
connection.execute("DROP SCHEMA lake.shelf")
print("dropped")
