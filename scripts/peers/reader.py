"""Another reader of the catalog's tables: a line of JSON in, a line of JSON out. `python reader.py spark | pyiceberg`, with the catalog in the environment."""

import json
import os
import sys

catalog = json.loads(os.environ["CATALOG"])


def spark_session():
    from pyspark.sql import SparkSession

    name = "spark.sql.catalog." + catalog["name"]
    builder = (
        SparkSession.builder.master(os.environ.get("SPARK_MASTER", "local[2]"))
        .config("spark.jars", os.environ["ICEBERG_SPARK_JAR"])
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.memory", os.environ.get("SPARK_MEMORY", "2g"))
        .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
        .config(name, "org.apache.iceberg.spark.SparkCatalog")
        .config(name + ".type", "rest")
        .config(name + ".uri", catalog["uri"])
        .config(name + ".warehouse", catalog["warehouse"])
        .config(name + ".token", catalog["token"])
        .config(name + ".cache-enabled", "false")
        .config("spark.sql.defaultCatalog", catalog["name"])
    )
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    return session


def spark():
    session = spark_session()

    def answer(asked):
        found = session.sql(asked["sql"])
        rows = [[exact(value) for value in row] for row in found.collect()]
        return [found.columns, *rows] if asked.get("header") else rows

    return answer


def exact(value):
    """Whole numbers beyond what JSON's readers keep go as text."""
    return str(value) if isinstance(value, int) and abs(value) >= 2**53 else value


def pyiceberg():
    from pyiceberg.catalog.rest import RestCatalog

    opened = RestCatalog(
        catalog["name"], uri=catalog["uri"], warehouse=catalog["warehouse"], token=catalog["token"]
    )

    def answer(asked):
        table = opened.load_table(asked["table"])
        if "files" in asked:
            return [[len(table.inspect.files())]]
        if "all" in asked:
            return [list(row.values()) for row in table.scan().to_arrow().to_pylist()]
        rows = table.scan(snapshot_id=int(asked["snapshot"]) if "snapshot" in asked else None, selected_fields=tuple(asked["columns"])).to_arrow()
        totals = [rows.num_rows]
        for column in asked["columns"]:
            totals.append(sum(value for value in rows[column].to_pylist() if value is not None))
        return [totals]

    return answer


answer = {"spark": spark, "pyiceberg": pyiceberg}[sys.argv[1]]()
print(json.dumps({"rows": []}), flush=True)
for line in sys.stdin:
    try:
        told = {"rows": answer(json.loads(line))}
    except Exception as error:
        told = {"error": str(error)[:600]}
    print(json.dumps(told, default=str), flush=True)
