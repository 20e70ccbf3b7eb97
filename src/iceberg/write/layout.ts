/** How the rows of new data files are split and sorted. */
import { SkuaError } from '../../errors.js';
import { defaultPartitionSpec } from '../snapshots.js';
import { parseTransform } from '../transforms/transform.js';
import type { NestedField, PartitionField, Schema, SortOrder, TableMetadata, Type } from '../types.js';
import { partitionExpression } from './partition-expression.js';

/** Expressions are in DuckDB's dialect, over top-level columns that are called `c0`, `c1`, … in the order of the schema. */
export interface WriteLayout {
  /** One for each field of the default partition spec. */
  partitions: { name: string; expression: string }[];
  /** Terms of an ORDER BY: the table's default sort order; none where it has no order, or one with a transform that is not known. */
  sortedBy: string[];
  /** Of the sort order that files are in which are sorted so. */
  sortOrderId?: number;
}

/** The layout that the table's metadata asks for. A partition transform that is not known: UNIMPLEMENTED. */
export function writeLayout(metadata: TableMetadata, schema: Schema): WriteLayout {
  const partitions = defaultPartitionSpec(metadata).fields.map((field) => partitionTerm(field, schema));
  const order = metadata.sortOrders.find(({ orderId }) => orderId === metadata.defaultSortOrderId);
  const sortedBy = sortTerms(order, schema);
  return sortedBy.length === 0 ? { partitions, sortedBy } : { partitions, sortedBy, sortOrderId: order?.orderId };
}

function partitionTerm({ name, transform, sourceIds }: PartitionField, schema: Schema) {
  const source = sourceIds.length === 1 ? sourceColumn(schema, sourceIds[0] as number) : undefined;
  const expression =
    parseTransform(transform).kind === 'void'
      ? 'CAST(NULL AS INTEGER)'
      : source && partitionExpression(transform, source.sql, source.type);
  if (expression === undefined) {
    const message = `Rows can't be written into a table that is partitioned by ${name}, which is ${transform}`;
    throw new SkuaError('UNIMPLEMENTED', message);
  }
  return { name, expression };
}

function sortTerms(order: SortOrder | undefined, schema: Schema): string[] {
  const terms = (order?.fields ?? []).map(({ transform, sourceId, direction, nullOrder }) => {
    const source = sourceColumn(schema, sourceId);
    const keys = source && sortKeys(transform, source);
    const how = `${direction === 'desc' ? 'DESC' : 'ASC'} ${nullOrder === 'nulls-last' ? 'NULLS LAST' : 'NULLS FIRST'}`;
    return keys?.map((key) => `${key} ${how}`);
  });
  return terms.includes(undefined) ? [] : (terms as string[][]).flat();
}

function sortKeys(transform: string, { sql, type }: SourceColumn): string[] | undefined {
  const key = transform === 'identity' ? sql : partitionExpression(transform, sql, type);
  if (key === undefined) return undefined;
  const isFloating = type.kind === 'primitive' && (type.type === 'float' || type.type === 'double');
  // The engine takes both zeros for equal; to Iceberg the negative one is smaller.
  return isFloating ? [key, `NOT signbit(${key})`] : [key];
}

interface SourceColumn {
  sql: string;
  type: Type;
}

/** A column, or a field inside structs, by field id; undefined for what is not there, and for what is inside lists and maps. */
function sourceColumn(schema: Schema, fieldId: number): SourceColumn | undefined {
  for (const [index, column] of schema.fields.entries()) {
    const found = within(`c${index}`, column, fieldId);
    if (found) return found;
  }
  return undefined;
}

function within(sql: string, { id, type }: NestedField, fieldId: number): SourceColumn | undefined {
  if (id === fieldId) return { sql, type };
  if (type.kind !== 'struct') return undefined;
  for (const field of type.fields) {
    const found = within(`struct_extract(${sql}, '${field.name.replaceAll("'", "''")}')`, field, fieldId);
    if (found) return found;
  }
  return undefined;
}
