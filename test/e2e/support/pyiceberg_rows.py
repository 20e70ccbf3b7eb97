"""Prints what PyIceberg reads of tables: pyiceberg_rows.py URI WAREHOUSE NAMESPACE TABLE…, the token in SKUA_TOKEN. One JSON text a table."""

import json
import os
import sys

from pyiceberg.catalog.rest import RestCatalog

COLUMNS = ("id", "i", "l", "s")


def main(uri, warehouse, namespace, *tables):
    catalog = RestCatalog("skua", uri=uri, warehouse=warehouse, token=os.environ["SKUA_TOKEN"])
    for name in tables:
        rows = catalog.load_table((namespace, name)).scan(selected_fields=COLUMNS).to_arrow().to_pylist()
        texts = [[None if row[column] is None else str(row[column]) for column in COLUMNS] for row in rows]
        print(json.dumps(texts))


main(*sys.argv[1:])
