/** Files all of whose rows pass a filter, as their partition and statistics tell. */
import type { Filter, Literal } from '../expressions/index.js';
import { literalOf, partitionedValue } from './extremes.js';
import { rangeOfColumn, type ValueRange, valueOfBound } from './plan/bounds.js';
import { bindFilter, never, type Predicate } from './plan/predicate.js';
import { mustMatch } from './plan/range.js';
import type { DataFile, NestedField, Schema, TableMetadata, Type } from './types.js';

/** A predicate that only rows pass which pass the filter. */
export function strictPredicate(filter: Filter, schema: Schema): Predicate {
  return bindFilter(filter, schema, never);
}

/**
 * A row, by field id, that passes as all rows of the file do; undefined where not all are known to pass, or the file's metadata does not
 * name a value. The scan must have been asked to keep the statistics of the fields.
 */
export function passingRow(
  predicate: Predicate,
  metadata: TableMetadata,
  file: DataFile,
  fields: readonly NestedField[],
): [number, Literal | null][] | undefined {
  const rangeOf = (fieldId: number, type: Type): ValueRange => {
    const constant = partitionedValue(metadata, file, fieldId);
    if (constant === undefined) return rangeOfColumn(file, fieldId, type);
    if (constant === null) return { hasNull: true, hasValue: false };
    return { lower: constant, upper: constant, hasNull: false };
  };
  if (!mustMatch(predicate, rangeOf)) return undefined;
  const row: [number, Literal | null][] = [];
  for (const { id, type } of fields) {
    const { lower, hasValue } = rangeOf(id, type);
    const known = lower === undefined ? undefined : valueOfBound(type, lower);
    const value = hasValue === false ? null : known === undefined ? undefined : literalOf(type, known);
    if (value === undefined) return undefined;
    row.push([id, value]);
  }
  return row;
}
