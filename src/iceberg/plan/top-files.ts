/** Which files can hold the first rows in the order of a column, by bounds that need not be exact. */
import type { FileTask, TopRequest } from '../contract.js';
import { partitionedValue, valueCountOf } from '../extremes.js';
import type { DataFile, TableMetadata } from '../types.js';
import { compareValues, type Value } from '../values/single-value.js';
import { certainUpper, hasOrderedBounds, isFloating, rangeOfColumn, type ValueRange } from './bounds.js';

interface Candidate {
  task: FileTask;
  range: ValueRange;
  /** The bound at which the file's rows begin, and the one at which they end, in the wanted order. */
  first: Value | undefined;
  last: Value | undefined;
}

/** All files where too few of them tell enough. */
export function filesWithTopRows(
  metadata: TableMetadata,
  tasks: readonly FileTask[],
  { field, rows, descending, nullsFirst }: TopRequest,
): FileTask[] {
  if (!hasOrderedBounds(field.type) || isFloating(field.type)) return [...tasks];
  const compare = (left: Value, right: Value) => compareValues(left, right) * (descending ? -1 : 1);
  const candidates = tasks.map((task): Candidate => {
    const range = rangeIn(metadata, task.file, field);
    const upper = certainUpper(range);
    const [first, last] = descending ? [upper, range.lower] : [range.lower, upper];
    return { task, range, first, last };
  });
  const end = endOfRows(metadata, candidates, field, rows, compare);
  if (end === undefined) return [...tasks];
  const wanted = ({ range, first }: Candidate) => {
    if (nullsFirst && range.hasNull !== false) return true;
    return range.hasValue !== false && (first === undefined || compare(first, end) <= 0);
  };
  return candidates.filter(wanted).map(({ task }) => task);
}

function rangeIn(metadata: TableMetadata, file: DataFile, { id, type }: TopRequest['field']): ValueRange {
  const constant = partitionedValue(metadata, file, id);
  if (constant === undefined) return rangeOfColumn(file, id, type);
  if (constant === null) return { hasNull: true, hasValue: false };
  return { lower: constant, upper: constant, hasNull: false };
}

/** A value that so many rows are known not to come behind; undefined where there is none. */
function endOfRows(
  metadata: TableMetadata,
  candidates: readonly Candidate[],
  field: TopRequest['field'],
  rows: number,
  compare: (left: Value, right: Value) => number,
): Value | undefined {
  const ends = candidates.flatMap(({ task: { file, deletes }, last }) => {
    const count = deletes.length === 0 ? valueCountOf(metadata, file, field) : undefined;
    return last === undefined || count === undefined ? [] : [{ last, count }];
  });
  let counted = 0;
  for (const { last, count } of ends.sort((left, right) => compare(left.last, right.last))) {
    counted += count;
    if (counted >= rows) return last;
  }
  return undefined;
}
