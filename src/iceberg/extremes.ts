/** The smallest and largest value of a column in a file, and how many it has, where the file's metadata tells just that. */
import type { Literal } from '../expressions/index.js';
import { boundOf, certainCounts, isFloating, isOneValue, valueOfBound } from './plan/bounds.js';
import type { DataFile, NestedField, PartitionValue, TableMetadata, Type } from './types.js';
import { compareValues, type Value } from './values/single-value.js';
import { valueToLiteral } from './values/text-value.js';

/** Types whose bounds are never cut or rounded, and whose order the engine shares. */
const exactTypes = new Set(['boolean', 'int', 'long', 'date', 'time', 'timestamp', 'timestamptz', 'timestamp_ns']);

/** The value that a column has in all rows of a file by the file's partition (spec, "Column Projection"); undefined where that does not say. */
export function partitionedValue(
  { partitionSpecs }: TableMetadata,
  file: DataFile,
  fieldId: number,
): PartitionValue | undefined {
  const spec = partitionSpecs.find(({ specId }) => specId === file.specId);
  const index = spec?.fields.findIndex(
    ({ transform, sourceIds }) => transform === 'identity' && sourceIds.length === 1 && sourceIds[0] === fieldId,
  );
  return index === undefined || index < 0 ? undefined : (file.partition[index] ?? null);
}

/**
 * The extremes of a top-level column in one file; none where it holds nothing but nulls, undefined where its metadata does not tell. The
 * scan must have been asked to keep the column's statistics.
 */
export function extremesOf(metadata: TableMetadata, file: DataFile, { id, type }: NestedField): Value[] | undefined {
  const constant = partitionedValue(metadata, file, id);
  if (constant !== undefined) return constant === null ? [] : isFloating(type) ? undefined : [constant];
  const [lowerBytes, upperBytes] = [file.lowerBounds?.get(id), file.upperBounds?.get(id)];
  if (certainCounts(file, id).nulls === file.recordCount) return lowerBytes || upperBytes ? undefined : [];
  const [lower, upper] = [boundOf(type, lowerBytes), boundOf(type, upperBytes)];
  if (lower === undefined || upper === undefined || compareValues(lower, upper) > 0) return undefined;
  if (isFloating(type)) return isExactFloat(file, id, [lower as number, upper as number]) ? [lower, upper] : undefined;
  if (type.kind === 'decimal' || (type.kind === 'primitive' && exactTypes.has(type.type))) return [lower, upper];
  // Bounds may be cut short, but all values lie between them.
  const only = isUuid(type) || isOneValue({ lower, upper }) ? valueOfBound(type, lower) : undefined;
  return only === undefined || compareValues(lower, upper) !== 0 ? undefined : [only, only];
}

function isUuid(type: Type): boolean {
  return type.kind === 'primitive' && type.type === 'uuid';
}

/** Bounds leave NaN out, and zero stands for both of its signs. */
function isExactFloat(file: DataFile, id: number, bounds: readonly number[]): boolean {
  return certainCounts(file, id).nans === 0 && bounds.every((bound) => bound !== 0);
}

/** How many values of a top-level column are not null; undefined where the file's metadata does not tell. */
export function valueCountOf(metadata: TableMetadata, file: DataFile, { id, type }: NestedField): number | undefined {
  if (type.kind !== 'primitive' && type.kind !== 'decimal' && type.kind !== 'fixed') return undefined;
  const constant = partitionedValue(metadata, file, id);
  if (file.recordCount < 0) return undefined;
  if (constant !== undefined) return constant === null ? 0 : file.recordCount;
  const { nulls } = certainCounts(file, id);
  return nulls === undefined ? undefined : file.recordCount - nulls;
}

/** Gathers the extremes of several files. */
export class Extremes {
  readonly #type: Type;
  #min: Value | undefined;
  #max: Value | undefined;

  constructor(type: Type) {
    this.#type = type;
  }

  add(values: readonly Value[]): void {
    for (const value of values) {
      if (this.#min === undefined || compareValues(value, this.#min) < 0) this.#min = value;
      if (this.#max === undefined || compareValues(value, this.#max) > 0) this.#max = value;
    }
  }

  /** `none` where there was no value; undefined where the engine can't be told. */
  range(): { min: Literal; max: Literal } | 'none' | undefined {
    if (this.#min === undefined || this.#max === undefined) return 'none';
    const [min, max] = [literalOf(this.#type, this.#min), literalOf(this.#type, this.#max)];
    return min && max && { min, max };
  }
}

/** A value as the engine reads it; undefined where it can't, such as of dates that have no four digits of a year. */
export function literalOf(type: Type, value: Value): Literal | undefined {
  const literal = valueToLiteral(type, value);
  const isTime = literal?.type === 'date' || literal?.type === 'timestamp' || literal?.type === 'timestamptz';
  return isTime && !/^\d{4}-/.test(literal.text) ? undefined : literal;
}

/** Some value of a type, for columns of which only the number of values matters. */
export function anyLiteral(type: Type): Literal | undefined {
  if (type.kind === 'decimal') return literalOf(type, 0n);
  if (type.kind === 'fixed') return literalOf(type, new Uint8Array(type.length));
  if (type.kind !== 'primitive') return undefined;
  switch (type.type) {
    case 'boolean':
      return literalOf(type, false);
    case 'int':
    case 'date':
    case 'float':
    case 'double':
      return literalOf(type, 0);
    case 'string':
      return literalOf(type, '');
    case 'binary':
    case 'uuid':
      return literalOf(type, new Uint8Array(16));
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
      return literalOf(type, 0n);
    default:
      return undefined;
  }
}
