/** What counts and bounds in manifests tell for certain (Iceberg spec, "Manifests", "Manifest Lists", Appendix D). */
import { isUtf8 } from 'node:buffer';
import type { DataFile, DeleteFile, PartitionSummary, Type } from '../types.js';
import { compareValues, decodeValue, type Value } from '../values/single-value.js';

/** Undefined members are unknown. Bounds leave out nulls and NaNs; those of text and bytes may be cut. */
export interface ValueRange {
  lower?: Value;
  /** Text and bytes may begin with it and go on: not every writer raises what it cuts. */
  upper?: Value;
  /** Whether some value is null, and whether some is not. */
  hasNull?: boolean;
  hasValue?: boolean;
  hasNan?: boolean;
}

/** Writers that cut bounds leave 16 characters or bytes, or up to three bytes less where a character would be cut. */
const shortestCut = 13;

/** Counts of one field of a file that agree with its other counts. */
export interface CertainCounts {
  nulls?: number;
  nans?: number;
}

/**
 * Counts of a field that is in no list or map. One that is negative or larger than the file's record count, or that the number of values
 * contradicts, is not known; neither is any where the record count itself is negative, which stands for one that was never taken.
 */
export function certainCounts(file: DataFile | DeleteFile, fieldId: number): CertainCounts {
  const { recordCount } = file;
  const isCount = (count: number | undefined) => count !== undefined && count >= 0 && count <= recordCount;
  const counts: CertainCounts = {};
  const nulls = file.nullCounts?.get(fieldId);
  const nans = file.nanCounts?.get(fieldId);
  const values = file.valueCounts?.get(fieldId);
  // Some writers count the values that are not null.
  const agrees = values === undefined || values === recordCount || values + (nulls ?? 0) === recordCount;
  if (nulls !== undefined && isCount(nulls) && agrees) counts.nulls = nulls;
  if (nans !== undefined && isCount(nans)) counts.nans = nans;
  return counts;
}

/** What a file's counts and bounds tell of a field. */
export function rangeOfColumn(file: DataFile | DeleteFile, fieldId: number, type: Type): ValueRange {
  const range: ValueRange = {};
  const { nulls, nans } = certainCounts(file, fieldId);
  const [lower, upper] = [file.lowerBounds?.get(fieldId), file.upperBounds?.get(fieldId)];
  if (nulls !== undefined) range.hasNull = nulls !== 0;
  if (nans !== undefined) range.hasNan = nans !== 0;
  if (nulls !== undefined && nulls === file.recordCount) {
    // Bounds of no values at all contradict the count.
    if (lower || upper) return {};
    range.hasValue = false;
  }
  return { ...range, ...certainBounds(type, lower, upper) };
}

/** What a manifest list tells of the values of a partition field. */
export function rangeOfSummary(summary: PartitionSummary, type: Type): ValueRange {
  const { containsNull, containsNan, lowerBound, upperBound } = summary;
  const range: ValueRange = { hasNull: containsNull, ...certainBounds(type, lowerBound, upperBound) };
  if (containsNan !== undefined) range.hasNan = containsNan;
  // Without bounds all values are null or NaN.
  const isOnlyNull = !lowerBound && !upperBound && containsNull;
  if (isOnlyNull && (!isFloating(type) || containsNan === false)) range.hasValue = false;
  return range;
}

/** Bounds in the order of the engine; none where they are of another width than the type's, or contradict each other. */
function certainBounds(
  type: Type,
  lowerBytes: Uint8Array | undefined,
  upperBytes: Uint8Array | undefined,
): Pick<ValueRange, 'lower' | 'upper'> {
  if (!hasOrderedBounds(type)) return {};
  const [lower, upper] = [boundOf(type, lowerBytes), boundOf(type, upperBytes)];
  if (lower !== undefined && upper !== undefined && compareValues(lower, upper) > 0) return {};
  return { ...(lower !== undefined && { lower }), ...(upper !== undefined && { upper }) };
}

/** Text stays bytes, since it may be cut inside a character. A NaN, as some writers leave it, says nothing. */
export function boundOf(type: Type, bytes: Uint8Array | undefined): Value | undefined {
  if (!bytes) return undefined;
  if (type.kind === 'primitive' && type.type === 'string') return bytes;
  if (type.kind === 'fixed' && bytes.length > type.length) return undefined;
  const value = decodeValue(type, bytes);
  return Number.isNaN(value) ? undefined : value;
}

/** How the largest value that a range leaves room for compares with another: above it where it may begin with the bound. */
export function compareTop(upper: Value, value: Value): number {
  const order = compareValues(upper, value);
  return order <= 0 && upper instanceof Uint8Array && startsWithBytes(value, upper) ? 1 : order;
}

/** The upper bound where no value can be above it. */
export function certainUpper({ upper }: ValueRange): Value | undefined {
  return upper instanceof Uint8Array && upper.length >= shortestCut ? undefined : upper;
}

/** Whether all values of a range are one, and that is its bound. */
export function isOneValue(range: ValueRange): boolean {
  const [lower, upper] = [range.lower, certainUpper(range)];
  return lower !== undefined && upper !== undefined && compareValues(lower, upper) === 0;
}

/** Whether text or bytes begin with other bytes. */
export function startsWithBytes(value: Value, prefix: Uint8Array): boolean {
  const bytes = bytesOf(value);
  return bytes !== undefined && Buffer.compare(bytes.subarray(0, prefix.length), prefix) === 0;
}

/** The UTF-8 of text, or bytes as they are. */
export function bytesOf(value: Value): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : undefined;
}

/** A bound as a value of its type; undefined where it is no text, being cut inside a character. */
export function valueOfBound(type: Type, bound: Value): Value | undefined {
  if (!(bound instanceof Uint8Array) || type.kind !== 'primitive' || type.type !== 'string') return bound;
  return isUtf8(bound) ? Buffer.from(bound).toString('utf8') : undefined;
}

export function isFloating(type: Type): boolean {
  return type.kind === 'primitive' && (type.type === 'float' || type.type === 'double');
}

/**
 * Whether bounds of the type are ordered as the engine compares. UUIDs were ordered as two signed halves by some writers; booleans are
 * ordered false before true by all.
 */
export function hasOrderedBounds(type: Type): boolean {
  if (type.kind === 'primitive') return !['uuid', 'variant', 'unknown'].includes(type.type);
  return type.kind === 'decimal' || type.kind === 'fixed';
}
