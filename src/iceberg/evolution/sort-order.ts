/** The order in which rows are written (Iceberg spec, "Sorting"). */
import { SkuaError } from '../../errors.js';
import { typeToText } from '../schema.js';
import { takesSource } from '../transforms/source-types.js';
import type { NestedField, SortOrder, TableMetadata } from '../types.js';
import { type DefinitionCommit, type DefinitionRequirement, LAST_ADDED } from './commit.js';
import type { PartitionTerm } from './partition-spec.js';
import { requirePlace } from './tree.js';

export interface SortTerm extends PartitionTerm {
  direction: 'asc' | 'desc';
  nullOrder: 'nulls-first' | 'nulls-last';
}

type SortField = SortOrder['fields'][number];

/** The fields of a sort order over these columns. One that can't be sorted by: INVALID_ARGUMENT with the reason. */
export function sortFields(columns: readonly NestedField[], terms: readonly SortTerm[]): SortField[] {
  const fields = terms.map(({ column, transform, direction, nullOrder }) => {
    const { field } = requirePlace(columns, column);
    if (transform === 'void' || !takesSource(transform, field.type)) {
      const kind = transform.replace(/\[.*/, '');
      const how = kind === 'identity' ? '' : ` by ${kind}`;
      throw new SkuaError(
        'INVALID_ARGUMENT',
        `Rows can't be sorted${how} by "${column.join('.')}" of type ${typeToText(field.type)}`,
      );
    }
    return { transform, sourceId: field.id, direction, nullOrder };
  });
  const text = (field: SortField) => `${field.transform} ${field.sourceId}`;
  const twice = fields.findIndex((field, index) => fields.findIndex((one) => text(one) === text(field)) !== index);
  if (twice >= 0) {
    throw new SkuaError('INVALID_ARGUMENT', `"${terms[twice]?.column.join('.')}" is in the sort order twice`);
  }
  return fields;
}

/** Makes these fields the table's default sort order. An equal one that the table has, or had, is not added again. */
export function sortOrderCommit(metadata: TableMetadata, fields: readonly SortField[]): DefinitionCommit {
  const { sortOrders, defaultSortOrderId } = metadata;
  const known = sortOrders.find((order) => sameSortFields(order.fields, fields));
  const isCurrent = known ? known.orderId === defaultSortOrderId : fields.length === 0 && defaultSortOrderId === 0;
  if (isCurrent) return { requirements: [], updates: [] };
  const requirements: DefinitionRequirement[] = [
    { type: 'assert-default-sort-order-id', 'default-sort-order-id': defaultSortOrderId },
  ];
  if (known) {
    return { requirements, updates: [{ action: 'set-default-sort-order', 'sort-order-id': known.orderId }] };
  }
  return {
    requirements,
    updates: [
      { action: 'add-sort-order', 'sort-order': sortOrderToJson({ orderId: nextOrderId(metadata, fields), fields }) },
      { action: 'set-default-sort-order', 'sort-order-id': LAST_ADDED },
    ],
  };
}

/** Order 0 is the one without fields. */
export function nextOrderId({ sortOrders }: Pick<TableMetadata, 'sortOrders'>, fields: readonly SortField[]): number {
  return fields.length === 0 ? 0 : Math.max(0, ...sortOrders.map(({ orderId }) => orderId)) + 1;
}

/** Appendix C, "Sort Orders". */
export function sortOrderToJson({ orderId, fields }: { orderId: number; fields: readonly SortField[] }) {
  return {
    'order-id': orderId,
    fields: fields.map(({ transform, sourceId, direction, nullOrder }) => ({
      transform,
      'source-id': sourceId,
      direction,
      'null-order': nullOrder,
    })),
  };
}

/** Whether two orders are the same, whatever their ids. */
export function sameSortFields(one: readonly SortField[], other: readonly SortField[]): boolean {
  const text = (fields: readonly SortField[]) => JSON.stringify(sortOrderToJson({ orderId: 0, fields }));
  return text(one) === text(other);
}
