/** The order that rewrite_data_files is asked for. */

import type { WriteOrder } from '../../../engine/contract.js';
import { SkuaError } from '../../../errors.js';
import { sameSortFields, sortFields } from '../../../iceberg/index.js';
import { parseNames, parseSortTerm } from '../../syntax/clauses.js';
import { Cursor } from '../../syntax/cursor.js';
import type { SortDefinition } from '../../syntax/partition.js';
import { fieldNamed } from '../../tables/fields.js';
import { displayName } from '../../tables/names.js';
import type { PinnedTable } from '../../tables/tables.js';
import type { Arguments } from '../arguments.js';
import type { GivenOptions } from './options.js';

/** What `strategy` and `sort_order` ask for. */
export type Sorting =
  /** In the table's own order. */
  | { kind: 'binpack' }
  | { kind: 'table-order' }
  | { kind: 'fields'; terms: readonly SortDefinition[] }
  | { kind: CurveKind; columns: readonly string[] };

type CurveKind = 'z-order' | 'hilbert';

/** `strategy => 'binpack'`, which is the default without a `sort_order`, or `'sort'`. */
export function sortingOf(given: Arguments, { name, metadata }: PinnedTable): Sorting {
  const sortOrder = given.string('sort_order');
  const strategy = given.string('strategy')?.toLowerCase() ?? (sortOrder === undefined ? 'binpack' : 'sort');
  if (strategy !== 'binpack' && strategy !== 'sort') {
    throw new SkuaError('INVALID_ARGUMENT', `The strategy is binpack or sort, not '${strategy}'`);
  }
  if (strategy === 'binpack') {
    if (sortOrder === undefined) return { kind: 'binpack' };
    throw new SkuaError('INVALID_ARGUMENT', 'The strategy binpack takes no sort_order; sort does');
  }
  if (sortOrder !== undefined) return parsedSorting(sortOrder);
  const { sortOrders, defaultSortOrderId } = metadata;
  const own = sortOrders.find(({ orderId }) => orderId === defaultSortOrderId);
  if (own && own.fields.length > 0) return { kind: 'table-order' };
  throw new SkuaError('INVALID_ARGUMENT', `Table ${displayName(name)} has no sort order; give one with sort_order`);
}

/** Spark's options of sorting: parts that its cluster makes, and bytes of its keys. Here keys have what they need, so that they change nothing. */
export function readSortOptions(options: GivenOptions, { kind }: Sorting): void {
  if (kind === 'binpack') return;
  options.fraction('compression-factor', 1);
  options.number('shuffle-partitions-per-file', 1, 1);
  if (kind !== 'z-order') return;
  options.number('var-length-contribution', 8, 1);
  options.number('max-output-size', 2 ** 31 - 1, 1);
}

const CURVES: Record<string, CurveKind> = { zorder: 'z-order', hilbert: 'hilbert' };

/** `id DESC NULLS LAST, name`, `zorder(c1, c2)` or `hilbert(c1, c2)`. */
function parsedSorting(text: string): Sorting {
  const cursor = new Cursor(text);
  const terms: SortDefinition[] = [];
  const curves: { kind: CurveKind; columns: string[] }[] = [];
  do {
    const kind = cursor.peek(1)?.text === '(' ? CURVES[cursor.peek()?.text.toLowerCase() ?? ''] : undefined;
    if (kind) cursor.next();
    if (kind) curves.push({ kind, columns: parseNames(cursor) });
    else terms.push(parseSortTerm(cursor));
  } while (cursor.acceptSymbol(','));
  cursor.expectEnd();
  const [curve] = curves;
  if (!curve) return { kind: 'fields', terms };
  if (terms.length === 0 && curves.every(({ kind }) => kind === curve.kind)) {
    return { kind: curve.kind, columns: curves.flatMap(({ columns }) => columns) };
  }
  throw new SkuaError('INVALID_ARGUMENT', `zorder or hilbert stands alone in a sort order, not as in '${text}'`);
}

/** Undefined for the table's own. */
export function orderOf(sorting: Sorting, table: PinnedTable, outputSpecId: number): WriteOrder | undefined {
  const { schema, metadata } = table;
  if (sorting.kind === 'binpack' || sorting.kind === 'table-order') return undefined;
  if (sorting.kind !== 'fields') return curveOrder(sorting, table, outputSpecId);
  const fields = sortFields(schema.fields, sorting.terms);
  const known = metadata.sortOrders.find((order) => sameSortFields(order.fields, fields));
  return { kind: 'sort-order', fields, orderId: known?.orderId };
}

/** Through the columns whose values are not the same in all of a file anyway. */
function curveOrder(
  { kind, columns: names }: { kind: CurveKind; columns: readonly string[] },
  { schema: { fields }, metadata }: PinnedTable,
  outputSpecId: number,
): WriteOrder {
  const words = kind === 'hilbert' ? 'Hilbert order' : kind;
  const columns = names.map((name) => fieldNamed(fields, name));
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice) throw new SkuaError('INVALID_ARGUMENT', `"${twice.name}" is in the ${words} twice`);
  const ascending = { transform: 'identity', direction: 'asc', nullOrder: 'nulls-first' } as const;
  const sortable = sortFields(
    fields,
    columns.map(({ name }) => ({ column: [name], ...ascending })),
  );
  const spec = metadata.partitionSpecs.find(({ specId }) => specId === outputSpecId);
  const constant = new Set(
    spec?.fields.flatMap(({ transform, sourceIds }) => (transform === 'identity' ? sourceIds : [])),
  );
  const fieldIds = sortable.map(({ sourceId }) => sourceId).filter((id) => !constant.has(id));
  if (fieldIds.length > 0) return { kind, fieldIds };
  throw new SkuaError(
    'INVALID_ARGUMENT',
    `The files are partitioned by all of ${names.join(', ')}: a ${words} needs a column whose values differ in one`,
  );
}
