/** The reference schemas of Flight SQL's metadata results, as FlightSql.proto documents them at each command. */
import {
  Binary,
  Bool,
  type DataType,
  DenseUnion,
  Field,
  Int32,
  Int64,
  List,
  Map_,
  Schema,
  Struct,
  Uint8,
  Uint32,
  Utf8,
} from 'apache-arrow';

const required = (name: string, type: DataType) => new Field(name, type, false);
const optional = (name: string, type: DataType) => new Field(name, type, true);

export const CATALOGS = new Schema([required('catalog_name', new Utf8())]);

export const DB_SCHEMAS = new Schema([optional('catalog_name', new Utf8()), required('db_schema_name', new Utf8())]);

export const TABLES = new Schema([
  optional('catalog_name', new Utf8()),
  optional('db_schema_name', new Utf8()),
  required('table_name', new Utf8()),
  required('table_type', new Utf8()),
]);

export const TABLES_WITH_SCHEMA = new Schema([...TABLES.fields, required('table_schema', new Binary())]);

export const TABLE_TYPES = new Schema([required('table_type', new Utf8())]);

export const PRIMARY_KEYS = new Schema([
  optional('catalog_name', new Utf8()),
  optional('db_schema_name', new Utf8()),
  required('table_name', new Utf8()),
  required('column_name', new Utf8()),
  required('key_sequence', new Int32()),
  optional('key_name', new Utf8()),
]);

/** Of exported keys, imported keys and the cross reference. */
export const FOREIGN_KEYS = new Schema([
  optional('pk_catalog_name', new Utf8()),
  optional('pk_db_schema_name', new Utf8()),
  required('pk_table_name', new Utf8()),
  required('pk_column_name', new Utf8()),
  optional('fk_catalog_name', new Utf8()),
  optional('fk_db_schema_name', new Utf8()),
  required('fk_table_name', new Utf8()),
  required('fk_column_name', new Utf8()),
  required('key_sequence', new Int32()),
  optional('fk_key_name', new Utf8()),
  optional('pk_key_name', new Utf8()),
  required('update_rule', new Uint8()),
  required('delete_rule', new Uint8()),
]);

/** Type ids of the value union of `SQL_INFO`. */
export const SQL_INFO_VALUE = { text: 0, flag: 1, integer: 2, bitmask: 3, list: 4, map: 5 } as const;

export const SQL_INFO = new Schema([
  required('info_name', new Uint32()),
  required(
    'value',
    new DenseUnion(
      [0, 1, 2, 3, 4, 5],
      [
        optional('string_value', new Utf8()),
        optional('bool_value', new Bool()),
        optional('bigint_value', new Int64()),
        optional('int32_bitmask', new Int32()),
        optional('string_list', new List(optional('item', new Utf8()))),
        optional(
          'int32_to_int32_list_map',
          new Map_(
            required(
              'entries',
              new Struct([required('key', new Int32()), optional('value', new List(optional('item', new Int32())))]),
            ) as never,
          ),
        ),
      ],
    ),
  ),
]);

export const XDBC_TYPE_INFO = new Schema([
  required('type_name', new Utf8()),
  required('data_type', new Int32()),
  optional('column_size', new Int32()),
  optional('literal_prefix', new Utf8()),
  optional('literal_suffix', new Utf8()),
  optional('create_params', new List(required('item', new Utf8()))),
  required('nullable', new Int32()),
  required('case_sensitive', new Bool()),
  required('searchable', new Int32()),
  optional('unsigned_attribute', new Bool()),
  required('fixed_prec_scale', new Bool()),
  optional('auto_increment', new Bool()),
  optional('local_type_name', new Utf8()),
  optional('minimum_scale', new Int32()),
  optional('maximum_scale', new Int32()),
  required('sql_data_type', new Int32()),
  optional('datetime_subcode', new Int32()),
  optional('num_prec_radix', new Int32()),
  optional('interval_precision', new Int32()),
]);
