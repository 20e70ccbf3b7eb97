/** SHOW CREATE TABLE and SHOW TBLPROPERTIES. */

import { SkuaError } from '../../errors.js';
import { defaultPartitionSpec, fieldPath, typeToSql } from '../../iceberg/index.js';
import type { NestedField } from '../../iceberg/types.js';
import { quoteName, quoteString } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { fieldName } from '../syntax/partition.js';
import { resolveTable, schemaName, type TableName } from '../tables/names.js';
import { STORAGE_TABLE } from '../tables/storage-table.js';
import { catalogOf, loadTableOrView, namesOf, type PinnedTable } from '../tables/tables.js';
import type { View } from '../tables/views.js';
import { defaultText } from './default-text.js';

/** Properties that the statement says in words of its own, or that a new table gets anew. */
const LEFT_OUT = new Set(['comment', 'created-at', STORAGE_TABLE]);

/** A statement that makes a table or view like it, at another location. */
export async function createStatement(context: StatementContext, path: readonly string[]): Promise<string> {
  const found = await loadTableOrView(context, resolveTable(namesOf(context), path));
  return 'sql' in found ? createViewStatement(context, found) : createTableStatement(found);
}

/** By name, in order. */
export async function tableProperties(
  context: StatementContext,
  path: readonly string[],
  key: string | undefined,
): Promise<[string, string][]> {
  const name = resolveTable(namesOf(context), path);
  const found = await loadTableOrView(context, name);
  const properties = 'sql' in found ? await viewProperties(context, name) : found.metadata.properties;
  const entries = Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1));
  return key === undefined ? entries : entries.filter(([one]) => one === key);
}

async function viewProperties(context: StatementContext, name: TableName): Promise<Record<string, string>> {
  const { metadata } = await catalogOf(context, name.catalog).loadView(name);
  return (metadata as { properties?: Record<string, string> }).properties ?? {};
}

function createTableStatement({ name, schema, metadata }: PinnedTable): string {
  const lines = schema.fields.map(columnText);
  const identifiers = schema.identifierFieldIds.map((id) => fieldPath(schema.fields, id) ?? []);
  if (identifiers.length > 0 && identifiers.every((path) => path.length === 1)) {
    lines.push(`PRIMARY KEY (${identifiers.map(pathText).join(', ')})`);
  }
  const partitions = defaultPartitionSpec(metadata).fields.map(({ name: given, transform, sourceIds }) => {
    const column =
      fieldPath(schema.fields, sourceIds[0] as number) ?? fail(`that partition field "${given}" is made of`);
    const term = termText(transform, column);
    return given === fieldName({ column, transform }) ? term : `${term} AS ${quoteName(given)}`;
  });
  const { comment } = metadata.properties;
  const order = metadata.sortOrders.find(({ orderId }) => orderId === metadata.defaultSortOrderId)?.fields ?? [];
  const sorted = order.map(({ transform, sourceId, direction, nullOrder }) => {
    const term = termText(transform, fieldPath(schema.fields, sourceId) ?? fail('of the sort order'));
    return `${term} ${direction.toUpperCase()} ${nullOrder.toUpperCase().replace('-', ' ')}`;
  });
  return [
    `CREATE TABLE ${nameText(name)} (`,
    lines.map((line) => `  ${line}`).join(',\n'),
    ')',
    ...(partitions.length > 0 ? [`PARTITIONED BY (${partitions.join(', ')})`] : []),
    ...(sorted.length > 0 ? [`SORTED BY (${sorted.join(', ')})`] : []),
    ...(comment === undefined ? [] : [`COMMENT ${quoteString(comment)}`]),
    propertiesText({ 'format-version': String(metadata.formatVersion), ...metadata.properties }),
  ].join('\n');
}

async function createViewStatement(
  context: StatementContext,
  { name, sql, columns, storageTable }: View,
): Promise<string> {
  const properties = await viewProperties(context, name);
  const names = columns.map((column) => quoteName(column.name)).join(', ');
  const rest = Object.keys(properties).some((key) => !LEFT_OUT.has(key)) ? [propertiesText(properties)] : [];
  return [
    `CREATE ${storageTable ? 'MATERIALIZED ' : ''}VIEW ${nameText(name)}${names === '' ? '' : ` (${names})`}`,
    ...(properties.comment === undefined ? [] : [`COMMENT ${quoteString(properties.comment)}`]),
    ...rest,
    `AS ${sql}`,
  ].join('\n');
}

function nameText({ catalog, namespace, name }: TableName): string {
  return pathText([catalog, schemaName(namespace), name]);
}

function columnText(field: NestedField): string {
  const { name, type, required, doc } = field;
  const given = defaultText(field);
  return [
    `${quoteName(name)} ${typeToSql(type)}`,
    ...(required ? ['NOT NULL'] : []),
    ...(given === undefined ? [] : [`DEFAULT ${given}`]),
    ...(doc === undefined ? [] : [`COMMENT ${quoteString(doc)}`]),
  ].join(' ');
}

function termText(transform: string, column: readonly string[]): string {
  const [, kind = transform, width] = /^(\w+)\[(\d+)\]$/.exec(transform) ?? [];
  if (kind === 'identity') return pathText(column);
  return `${kind}(${width === undefined ? '' : `${width}, `}${pathText(column)})`;
}

function pathText(path: readonly string[]): string {
  return path.map(quoteName).join('.');
}

function propertiesText(properties: Record<string, string>): string {
  const kept = Object.entries(properties).filter(([key]) => !LEFT_OUT.has(key));
  const sorted = kept.sort(([a], [b]) => (a < b ? -1 : 1));
  return `TBLPROPERTIES (${sorted.map(([key, value]) => `${quoteString(key)} = ${quoteString(value)}`).join(', ')})`;
}

function fail(which: string): never {
  throw new SkuaError('UNIMPLEMENTED', `The column ${which} was dropped`);
}
