/** The tables of `information_schema` and their columns, in the order of ISO/IEC 9075-11. What Iceberg has nothing of is null throughout. */
import { Field, Int32, Schema, Utf8 } from 'apache-arrow';

const text = (...names: string[]) => names.map((name) => new Field(name, new Utf8(), true));
const integers = (...names: string[]) => names.map((name) => new Field(name, new Int32(), true));
const table = text('table_catalog', 'table_schema', 'table_name');
const constraint = text('constraint_catalog', 'constraint_schema', 'constraint_name');

export const INFORMATION_SCHEMA: Record<string, Schema> = {
  schemata: new Schema(text('catalog_name', 'schema_name', 'schema_owner')),
  tables: new Schema([
    ...table,
    ...text('table_type', 'self_referencing_column_name', 'reference_generation', 'is_insertable_into', 'is_typed'),
  ]),
  columns: new Schema([
    ...table,
    ...text('column_name'),
    ...integers('ordinal_position'),
    ...text('column_default', 'is_nullable', 'data_type'),
    ...integers(
      'character_maximum_length',
      'character_octet_length',
      'numeric_precision',
      'numeric_precision_radix',
      'numeric_scale',
      'datetime_precision',
    ),
    ...text('is_identity', 'is_generated', 'is_updatable', 'column_comment'),
  ]),
  /** None of the standard's: comments are apart from `tables`, for which nothing has to be loaded. */
  table_comments: new Schema([...table, ...text('comment')]),
  views: new Schema([...table, ...text('view_definition', 'check_option', 'is_updatable', 'is_insertable_into')]),
  table_constraints: new Schema([
    ...constraint,
    ...table,
    ...text('constraint_type', 'is_deferrable', 'initially_deferred', 'enforced'),
  ]),
  key_column_usage: new Schema([
    ...constraint,
    ...table,
    ...text('column_name'),
    ...integers('ordinal_position', 'position_in_unique_constraint'),
  ]),
  constraint_column_usage: new Schema([...table, ...text('column_name'), ...constraint]),
  referential_constraints: new Schema([
    ...constraint,
    ...text(
      'unique_constraint_catalog',
      'unique_constraint_schema',
      'unique_constraint_name',
      'match_option',
      'update_rule',
      'delete_rule',
    ),
  ]),
};
