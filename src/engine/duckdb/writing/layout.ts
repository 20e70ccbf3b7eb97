/** How the rows of new data files are split and sorted, as SQL of the engine. */
import { SkuaError } from '../../../errors.js';
import { defaultPartitionSpec, parseTransform } from '../../../iceberg/index.js';
import type { PartitionField, Schema, SortOrder, TableMetadata } from '../../../iceberg/types.js';
import type { WriteOrder } from '../../contract.js';
import type { WriteOptions } from '../contract.js';
import { partitionExpression } from '../transforms/partition-expression.js';
import { hilbertTerms, zOrderTerms } from './curves.js';
import { type SourceColumn, sourceColumn } from './source-column.js';

export interface WriteLayout {
  /** One for each field of the default partition spec. */
  partitions: WriteOptions['partitions'];
  /** None where the rows have no order, or one with a transform that is not known. */
  sortedBy: string[];
  /** Of the sort order that files are in which are sorted so. */
  sortOrderId?: number | undefined;
}

/** The layout that the table's metadata asks for, with another order than its own where one is given. A partition transform that is not known: UNIMPLEMENTED. */
export function writeLayout(
  metadata: TableMetadata,
  schema: Schema,
  order: WriteOrder = orderOf(metadata),
): WriteLayout {
  const partitions = defaultPartitionSpec(metadata).fields.map((field) => partitionTerm(field, schema));
  if (order.kind !== 'sort-order') return { partitions, sortedBy: curveTerms(order, schema) };
  const sortedBy = sortTerms(order.fields, schema);
  return { partitions, sortedBy, sortOrderId: sortedBy.length === 0 ? undefined : order.orderId };
}

function orderOf({ sortOrders, defaultSortOrderId }: TableMetadata): WriteOrder {
  const order = sortOrders.find(({ orderId }) => orderId === defaultSortOrderId);
  return { kind: 'sort-order', fields: order?.fields ?? [], orderId: order?.orderId };
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

function sortTerms(fields: SortOrder['fields'], schema: Schema): string[] {
  const terms = fields.map(({ transform, sourceId, direction, nullOrder }) => {
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
  // The engine takes both zeros for equal; to Iceberg the negative one is smaller. A column that is a key itself would lose the sign.
  return isFloating ? [`${key} + 0`, `NOT signbit(${key})`] : [key];
}

function curveTerms({ kind, fieldIds }: Exclude<WriteOrder, { kind: 'sort-order' }>, schema: Schema): string[] {
  const columns = fieldIds.map((fieldId) => {
    const source = sourceColumn(schema, fieldId);
    if (source) return source;
    throw new SkuaError('INTERNAL', `a ${kind} order names field ${fieldId}, which the rows don't have`);
  });
  return kind === 'z-order' ? zOrderTerms(columns) : hilbertTerms(columns);
}
