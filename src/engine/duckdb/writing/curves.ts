/** Curves through all values of several columns: rows that are close to each other in all of them come to lie close to each other in files. */
import { SkuaError } from '../../../errors.js';
import { typeToText } from '../../../iceberg/index.js';
import type { Type } from '../../../iceberg/types.js';
import type { SourceColumn } from './source-column.js';

const BITS = 64;

/**
 * Terms of an ORDER BY: each column is a number of 64 bits in its own order, and the bits of all of them are taken in turn, the highest ones first,
 * in as many numbers as there are columns.
 */
export function zOrderTerms(columns: readonly SourceColumn[]): string[] {
  const keys = columns.map(keyOf);
  return keys.length < 2 ? keys : inTurn(`[${keys.join(', ')}]`, keys.length);
}

/** The same along Hilbert's curve, whose every step goes to a neighbour. */
export function hilbertTerms(columns: readonly SourceColumn[]): string[] {
  const keys = columns.map(keyOf);
  return keys.length < 2 ? keys : inTurn(transposedIndex(keys), keys.length);
}

/** The bits of a list of keys. */
function inTurn(keys: string, count: number): string[] {
  const each = Math.floor(BITS / count);
  const terms: string[] = [];
  for (let top = BITS; top > 0; top -= each) terms.push(interleaved(keys, count, Math.max(0, top - each), top));
  return terms;
}

/**
 * The place on the curve, as a list of numbers whose bits in turn are the index. From the highest bit downwards the lower bits of the first
 * coordinate are turned over where another has that bit, and else change places with those of the other; what results is the Gray code of the
 * index (J. Skilling, Programming the Hilbert curve, 2004).
 */
function transposedIndex(keys: readonly string[]): string {
  const bits = Array.from({ length: BITS - 1 }, (_, index) => `[${2n ** BigInt(BITS - 1 - index)}::UBIGINT]`);
  const below = '(q[1] - 1::UBIGINT)';
  let turned = 'x';
  for (const index of keys.keys()) {
    const own = `x[${index + 1}]`;
    const isSet = `${own} & q[1] <> 0`;
    const exchanged = index === 0 ? '0::UBIGINT' : `xor(x[1], ${own}) & ${below}`;
    const others = keys.map((_, other) => {
      if (other === 0) return `xor(x[1], CASE WHEN ${isSet} THEN ${below} ELSE ${exchanged} END)`;
      return other === index
        ? `xor(${own}, CASE WHEN ${isSet} THEN 0::UBIGINT ELSE ${exchanged} END)`
        : `x[${other + 1}]`;
    });
    turned = `list_transform([${turned}], lambda x: [${others.join(', ')}])[1]`;
  }
  const placed = `list_reduce([${bits.join(', ')}], lambda x, q: ${turned}, [${keys.join(', ')}])`;
  const gray = keys.map((_, index) => chained(keys.slice(0, index + 1).map((_, one) => `x[${one + 1}]`)));
  const shifted = [1, 2, 4, 8, 16, 32].reduce(
    (value, by) => `list_transform([${value}], lambda y: xor(y, y >> ${by}::UBIGINT))[1]`,
    `x[${keys.length}]`,
  );
  const index = `list_transform(x, lambda one: xor(one, ${shifted} >> 1::UBIGINT))`;
  return `list_transform([list_transform([${placed}], lambda x: [${gray.join(', ')}])[1]], lambda x: ${index})[1]`;
}

function chained(values: readonly string[]): string {
  return values.reduce((all, value) => `xor(${all}, ${value})`);
}

/** The bits [low, high) of a list of keys in turn. */
function interleaved(keys: string, count: number, low: number, high: number): string {
  const names = Array.from({ length: count }, (_, index) => `k[${index + 1}]`);
  const bits: string[] = [];
  for (let bit = low; bit < high; bit++) {
    for (const [index, name] of names.entries()) {
      const place = (bit - low) * names.length + (names.length - 1 - index);
      bits.push(`(((${name} >> ${bit}::UBIGINT) & 1::UBIGINT) << ${place}::UBIGINT)`);
    }
  }
  return `list_transform([${keys}], lambda k: ${bits.join(' | ')})[1]`;
}

/** A number of 64 bits that grows with the value; nulls come first. */
function keyOf({ sql, type }: SourceColumn): string {
  const key = unsignedKey(type, sql);
  if (key === undefined) throw new SkuaError('INTERNAL', `values of type ${typeToText(type)} have no z-order`);
  return `coalesce(${key}, 0::UBIGINT)`;
}

function unsignedKey(type: Type, value: string): string | undefined {
  if (type.kind === 'decimal') return ofDouble(`CAST(${value} AS DOUBLE)`);
  if (type.kind === 'fixed') return ofBytes(value);
  if (type.kind !== 'primitive') return undefined;
  switch (type.type) {
    case 'boolean':
      return `CASE WHEN ${value} THEN ${2n ** 63n}::UBIGINT ELSE 0::UBIGINT END`;
    case 'int':
    case 'long':
      return ofLong(`CAST(${value} AS HUGEINT)`);
    case 'date':
      return ofLong(`CAST(date_diff('day', DATE '1970-01-01', ${value}) AS HUGEINT)`);
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return ofLong(`CAST(epoch_us(${value}) AS HUGEINT)`);
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return ofLong(`CAST(epoch_ns(${value}) AS HUGEINT)`);
    case 'float':
    case 'double':
      return ofDouble(`CAST(${value} AS DOUBLE)`);
    case 'string':
      return ofBytes(`encode(${value})`);
    case 'uuid':
      return ofBytes(`unhex(replace(CAST(${value} AS VARCHAR), '-', ''))`);
    case 'binary':
      return ofBytes(value);
    default:
      return undefined;
  }
}

function ofLong(value: string): string {
  return `CAST(${value} + ${2n ** 63n}::HUGEINT AS UBIGINT)`;
}

/** By the inverse hyperbolic sine, which spreads numbers as their exponents do; infinities and NaN are at the ends. */
function ofDouble(value: string): string {
  const most = `${2n ** 64n - 1n}::UBIGINT`;
  const scaled = `CAST(floor((asinh(${value}) / 711 + 1) * ${2 ** 62}) AS UBIGINT)`;
  return `CASE WHEN ${value} IS NULL THEN NULL WHEN isfinite(${value}) THEN ${scaled} WHEN ${value} < 0 THEN 0::UBIGINT ELSE ${most} END`;
}

/** The first eight bytes. */
function ofBytes(bytes: string): string {
  return `CAST(CAST((${bytes} || '\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00'::BLOB)[1:8] AS BIT) AS UBIGINT)`;
}
