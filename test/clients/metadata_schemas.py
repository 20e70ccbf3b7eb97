"""The result schemas of the Flight SQL metadata commands, as Arrow's own libraries have them."""

import pyarrow as pa


def _schema(*columns):
    """Columns as (name, type) where null is allowed, (name, type, False) where it is not."""
    return pa.schema([pa.field(name, kind, *nullable) for name, kind, *nullable in columns])


_text = pa.utf8()
_int = pa.int32()

KEYS = _schema(
    ("pk_catalog_name", _text),
    ("pk_db_schema_name", _text),
    ("pk_table_name", _text, False),
    ("pk_column_name", _text, False),
    ("fk_catalog_name", _text),
    ("fk_db_schema_name", _text),
    ("fk_table_name", _text, False),
    ("fk_column_name", _text, False),
    ("key_sequence", _int, False),
    ("fk_key_name", _text),
    ("pk_key_name", _text),
    ("update_rule", pa.uint8(), False),
    ("delete_rule", pa.uint8(), False),
)

_TABLES = (
    ("catalog_name", _text),
    ("db_schema_name", _text),
    ("table_name", _text, False),
    ("table_type", _text, False),
)

_SQL_INFO_VALUE = pa.dense_union(
    [
        pa.field("string_value", _text),
        pa.field("bool_value", pa.bool_()),
        pa.field("bigint_value", pa.int64()),
        pa.field("int32_bitmask", _int),
        pa.field("string_list", pa.list_(_text)),
        pa.field("int32_to_int32_list_map", pa.map_(_int, pa.list_(_int))),
    ]
)

METADATA = {
    "catalogs": _schema(("catalog_name", _text, False)),
    "schemas": _schema(("catalog_name", _text), ("db_schema_name", _text, False)),
    "tables": _schema(*_TABLES),
    "tables with schema": _schema(*_TABLES, ("table_schema", pa.binary(), False)),
    "table types": _schema(("table_type", _text, False)),
    "primary keys": _schema(
        ("catalog_name", _text),
        ("db_schema_name", _text),
        ("table_name", _text, False),
        ("column_name", _text, False),
        ("key_sequence", _int, False),
        ("key_name", _text),
    ),
    "sql info": _schema(("info_name", pa.uint32(), False), ("value", _SQL_INFO_VALUE, False)),
    "type info": _schema(
        ("type_name", _text, False),
        ("data_type", _int, False),
        ("column_size", _int),
        ("literal_prefix", _text),
        ("literal_suffix", _text),
        ("create_params", pa.list_(pa.field("item", _text, False))),
        ("nullable", _int, False),
        ("case_sensitive", pa.bool_(), False),
        ("searchable", _int, False),
        ("unsigned_attribute", pa.bool_()),
        ("fixed_prec_scale", pa.bool_(), False),
        ("auto_increment", pa.bool_()),
        ("local_type_name", _text),
        ("minimum_scale", _int),
        ("maximum_scale", _int),
        ("sql_data_type", _int, False),
        ("datetime_subcode", _int),
        ("num_prec_radix", _int),
        ("interval_precision", _int),
    ),
}
