import { isUtf8 } from 'node:buffer';
import type { Filter, Literal } from '../expressions/index.js';
import type { ChunkStatistics, LeafColumn, ParquetFooter, RowGroup } from './types.js';

interface Comparison {
  op: 'eq' | 'lt' | 'le' | 'gt' | 'ge';
  column: string;
  value: Literal;
}

/** Row groups that hold no row for a filter, by index, and the comparisons of the filter that say so. */
export interface SkippedRowGroups {
  groups: number[];
  by: Filter[];
}

/**
 * The row groups that DuckDB skips when it applies the comparisons to its Parquet reader: it reads what it does not skip, and bytes that
 * were not fetched are a hole. Hence only comparisons with constants count, all joined by AND, on whole numbers, dates, timestamps and text,
 * by the statistics of the chunk.
 *
 * @param columns the file's names of the filter's columns, by the filter's own, of those columns alone that the file holds in the very type
 *   that the table has: on a widened column DuckDB compares after a cast and skips nothing
 */
export function skippedRowGroups(
  footer: ParquetFooter,
  filter: Filter,
  columns: ReadonlyMap<string, string>,
): SkippedRowGroups {
  const by = new Set<Comparison>();
  const comparisons = conjuncts(filter);
  const groups = footer.rowGroups.flatMap((group, index) => {
    const excluding = comparisons.find((comparison) => excludes(group, comparison, columns.get(comparison.column)));
    if (excluding) by.add(excluding);
    return excluding ? [index] : [];
  });
  return { groups, by: [...by] };
}

function conjuncts(filter: Filter): Comparison[] {
  switch (filter.op) {
    case 'and':
      return filter.operands.flatMap(conjuncts);
    case 'eq':
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge':
      return [{ op: filter.op, column: filter.column, value: filter.value }];
    default:
      return [];
  }
}

function excludes(group: RowGroup, { op, value }: Comparison, column: string | undefined): boolean {
  if (column === undefined) return false;
  const chunk = group.chunks.find(({ leaf }) => leaf.path.length === 1 && leaf.path[0] === column);
  const bounds = chunk?.leaf.flat && chunk.statistics && compareWithBounds(chunk.leaf, chunk.statistics, value);
  if (!bounds) return false;
  const { toMin, toMax, isText } = bounds;
  // Of text DuckDB does not skip what a bound itself, or what it begins with, is compared with.
  if (isText) return (op !== 'gt' && op !== 'ge' && toMin < 0) || (op !== 'lt' && op !== 'le' && toMax > 0);
  switch (op) {
    case 'eq':
      return toMin < 0 || toMax > 0;
    case 'lt':
      return toMin <= 0;
    case 'le':
      return toMin < 0;
    case 'gt':
      return toMax >= 0;
    case 'ge':
      return toMax > 0;
  }
}

/** How the value compares with the smallest and the largest value: below 0 when it is smaller. */
function compareWithBounds(
  leaf: LeafColumn,
  { min, max }: ChunkStatistics,
  value: Literal,
): { toMin: number; toMax: number; isText: boolean } | undefined {
  if (!min || !max) return undefined;
  if (leaf.physicalType === 'BYTE_ARRAY') {
    // A bound that was cut inside a character is no text; DuckDB reads it differently.
    if (leaf.logicalType !== 'string' || value.type !== 'string' || !isUtf8(min) || !isUtf8(max)) return undefined;
    const bytes = Buffer.from(value.text, 'utf8');
    return { toMin: compareStarts(bytes, min), toMax: compareStarts(bytes, max), isText: true };
  }
  const number = wholeNumber(leaf, value);
  const low = decodeInteger(leaf, min);
  const high = decodeInteger(leaf, max);
  if (number === undefined || low === undefined || high === undefined) return undefined;
  return { toMin: compare(number, low), toMax: compare(number, high), isText: false };
}

/** DuckDB compares text with bounds as far as both go, and takes what begins alike for equal. */
function compareStarts(value: Uint8Array, bound: Uint8Array): number {
  const length = Math.min(value.length, bound.length);
  return Buffer.compare(value.subarray(0, length), bound.subarray(0, length));
}

/**
 * The smallest and the largest value of a column in each row group, in an order that holds among them: whole numbers, dates, timestamps, or the
 * bytes of text. Row groups whose statistics don't tell are left out.
 *
 * @param column the file's own name
 */
export function spansOfColumn(footer: ParquetFooter, column: string): [bigint | Uint8Array, bigint | Uint8Array][] {
  return footer.rowGroups.flatMap(({ chunks }): [bigint | Uint8Array, bigint | Uint8Array][] => {
    const chunk = chunks.find(({ leaf }) => leaf.path.length === 1 && leaf.path[0] === column);
    const { min, max } = chunk?.statistics ?? {};
    if (!chunk || !min || !max) return [];
    const { leaf } = chunk;
    if (leaf.physicalType === 'BYTE_ARRAY') return leaf.logicalType === 'string' ? [[min, max]] : [];
    const [low, high] = [decodeInteger(leaf, min), decodeInteger(leaf, max)];
    return low === undefined || high === undefined ? [] : [[low, high]];
  });
}

function decodeInteger({ physicalType }: LeafColumn, bytes: Uint8Array): bigint | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (physicalType === 'INT32' && buffer.length === 4) return BigInt(buffer.readInt32LE(0));
  if (physicalType === 'INT64' && buffer.length === 8) return buffer.readBigInt64LE(0);
  return undefined;
}

/** The literal in the column's own unit. */
function wholeNumber({ logicalType }: LeafColumn, { type, text }: Literal): bigint | undefined {
  if (logicalType === undefined || logicalType === 'signed-integer') {
    return type === 'integer' && /^-?\d+$/.test(text) ? BigInt(text) : undefined;
  }
  if (logicalType === 'date') return type === 'date' ? daysOf(text) : undefined;
  if (logicalType === 'timestamp-micros')
    return type === 'timestamp' || type === 'timestamptz' ? microsOf(text) : undefined;
  return undefined;
}

function daysOf(text: string): bigint | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const time = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(time) ? undefined : BigInt(time / 86_400_000);
}

function microsOf(text: string): bigint | undefined {
  const parts = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(?:Z|\+00(?::?00)?)?$/.exec(text);
  if (!parts) return undefined;
  const time = Date.parse(`${parts[1]}T${parts[2]}Z`);
  return Number.isNaN(time) ? undefined : BigInt(time) * 1000n + BigInt((parts[3] ?? '').padEnd(6, '0'));
}

function compare(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
