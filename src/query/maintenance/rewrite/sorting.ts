/** The order that rewrite_data_files is asked for. */

import type { WriteOrder } from '../../../engine/contract.js';
import { SkuaError } from '../../../errors.js';
import { sameSortFields, sortFields } from '../../../iceberg/index.js';
import type { Schema } from '../../../iceberg/types.js';
import { parseNames, parseSortTerm } from '../../syntax/clauses.js';
import { Cursor } from '../../syntax/cursor.js';
import type { SortDefinition } from '../../syntax/partition.js';
import { fieldNamed } from '../../tables/fields.js';
import { displayName } from '../../tables/names.js';
import type { PinnedTable } from '../../tables/tables.js';
import type { Arguments } from '../arguments.js';

/** Undefined for the strategy `binpack`, which keeps to the table's own order. */
export function orderOf(given: Arguments, table: PinnedTable): WriteOrder | undefined {
  const sortOrder = given.string('sort_order');
  const strategy = given.string('strategy')?.toLowerCase() ?? (sortOrder === undefined ? 'binpack' : 'sort');
  if (strategy !== 'binpack' && strategy !== 'sort') {
    throw new SkuaError('INVALID_ARGUMENT', `The strategy is binpack or sort, not '${strategy}'`);
  }
  if (strategy === 'binpack') {
    if (sortOrder === undefined) return undefined;
    throw new SkuaError('INVALID_ARGUMENT', 'The strategy binpack takes no sort_order; sort does');
  }
  if (sortOrder !== undefined) return parsedOrder(sortOrder, table);
  const { sortOrders, defaultSortOrderId } = table.metadata;
  const own = sortOrders.find(({ orderId }) => orderId === defaultSortOrderId);
  if (own && own.fields.length > 0) return undefined;
  throw new SkuaError(
    'INVALID_ARGUMENT',
    `Table ${displayName(table.name)} has no sort order; give one with sort_order`,
  );
}

/** `id DESC NULLS LAST, name` or `zorder(c1, c2)`. */
function parsedOrder(text: string, { schema, metadata }: PinnedTable): WriteOrder {
  const cursor = new Cursor(text);
  if (cursor.at('ZORDER') && cursor.peek(1)?.text === '(') {
    cursor.next();
    const names = parseNames(cursor);
    cursor.expectEnd();
    return zOrder(schema, names);
  }
  const terms: SortDefinition[] = [];
  do terms.push(parseSortTerm(cursor));
  while (cursor.acceptSymbol(','));
  cursor.expectEnd();
  const fields = sortFields(schema.fields, terms);
  const known = metadata.sortOrders.find((order) => sameSortFields(order.fields, fields));
  return { kind: 'sort-order', fields, orderId: known?.orderId };
}

function zOrder({ fields }: Schema, names: readonly string[]): WriteOrder {
  const columns = names.map((name) => fieldNamed(fields, name));
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice) throw new SkuaError('INVALID_ARGUMENT', `"${twice.name}" is in the z-order twice`);
  const ascending = { transform: 'identity', direction: 'asc', nullOrder: 'nulls-first' } as const;
  const sortable = sortFields(
    fields,
    columns.map(({ name }) => ({ column: [name], ...ascending })),
  );
  return { kind: 'z-order', fieldIds: sortable.map(({ sourceId }) => sourceId) };
}
