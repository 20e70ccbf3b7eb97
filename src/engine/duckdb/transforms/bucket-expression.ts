/**
 * The `bucket` transform as SQL of the engine, which has no murmur3 of its own: x86 variant, 32 bits, seed 0, computed in unsigned integers
 * of 64 bits (Iceberg spec, Appendix B, "32-bit Hash Requirements").
 */
import type { Type } from '../../../iceberg/types.js';

/** An expression of the bucket of a value, of a number or an expression of them; undefined for types that have no hash. */
export function bucketExpression(value: string, type: Type, count: number | string): string | undefined {
  const hash = hashExpression(value, type);
  return hash === undefined ? undefined : `((${hash} & 2147483647) % ${count})`;
}

function hashExpression(value: string, type: Type): string | undefined {
  if (type.kind === 'decimal') return hashOfBytes(minimalBigEndian(value));
  if (type.kind === 'fixed') return hashOfBytes(value);
  if (type.kind !== 'primitive') return undefined;
  switch (type.type) {
    case 'int':
    case 'long':
      return hashOfLong(`CAST(${value} AS BIGINT)`);
    case 'date':
      return hashOfLong(`date_diff('day', DATE '1970-01-01', ${value})`);
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return hashOfLong(`epoch_us(${value})`);
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return hashOfLong(microseconds(`epoch_ns(${value})`));
    case 'string':
      return hashOfBytes(`encode(${value})`);
    case 'uuid':
      return hashOfBytes(`unhex(replace(CAST(${value} AS VARCHAR), '-', ''))`);
    case 'binary':
      return hashOfBytes(value);
    default:
      return undefined;
  }
}

/** The microsecond that a nanosecond lies in; the engine's own division rounds towards zero. */
export function microseconds(nanoseconds: string): string {
  return `(${nanoseconds} // 1000 - CASE WHEN ${nanoseconds} % 1000 < 0 THEN 1 ELSE 0 END)`;
}

/** An unscaled value in as few bytes as its two's complement fits into. */
function minimalBigEndian(decimal: string): string {
  const unscaled = `CAST(replace(CAST(${decimal} AS VARCHAR), '.', '') AS HUGEINT)`;
  const digits = '2 * (length(bin(CASE WHEN v < 0 THEN -1 - v ELSE v END)) // 8 + 1)';
  const all = `lpad(to_hex(v), 32, CASE WHEN v < 0 THEN 'F' ELSE '0' END)`;
  return withName('v', unscaled, `unhex(right(${all}, ${digits}))`);
}

function hashOfLong(value: string): string {
  const halves = `[CAST(v & 4294967295 AS UBIGINT), CAST((v >> 32) & 4294967295 AS UBIGINT)]`;
  return finished(`xor(${absorbed(withName('v', value, halves))}, ${unsigned(8)})`);
}

function hashOfBytes(bytes: string): string {
  const padding = "'\\x00\\x00\\x00\\x00'::BLOB";
  const tail = `[${block(`(b[octet_length(b) // 4 * 4 + 1:] || ${padding})[1:4]`)}]`;
  const blocks = absorbed(swapped(blocksOf('b')));
  const hash = `xor(xor(${blocks}, ${mixed(swapped(tail))}[1]), CAST(octet_length(b) AS UBIGINT))`;
  return withName('b', bytes, finished(hash));
}

/** The whole blocks of four bytes. To take a part costs time in the length of all, so that long ones are taken apart in steps. */
function blocksOf(bytes: string): string {
  const blocks = (of: string) => parts(of, `octet_length(${of}) // 4`, 4, block);
  const inSteps = (of: string, size: number, name: string, step: (part: string) => string) => {
    const pieces = parts(of, `(octet_length(${of}) + ${size - 1}) // ${size}`, size, (part) => part);
    return `flatten(list_transform(${pieces}, lambda ${name}: ${step(name)}))`;
  };
  const long = inSteps(bytes, 65536, 'p', (part) => inSteps(part, 1024, 'q', blocks));
  return `CASE WHEN octet_length(${bytes}) <= 1024 THEN ${blocks(bytes)} ELSE ${long} END`;
}

function parts(bytes: string, count: string, size: number, of: (part: string) => string): string {
  return `list_transform(range(${count}), lambda i: ${of(`${bytes}[${size} * i + 1:${size} * i + ${size}]`)})`;
}

/** Four bytes as a number, the first one highest. */
function block(bytes: string): string {
  return `CAST(CAST(${bytes} AS BIT) AS UBIGINT)`;
}

function swapped(blocks: string): string {
  const low = `((x & ${unsigned(0xff)}) << ${unsigned(24)}) | ((x & ${unsigned(0xff00)}) << ${unsigned(8)})`;
  const high = `((x >> ${unsigned(8)}) & ${unsigned(0xff00)}) | (x >> ${unsigned(24)})`;
  return `list_transform(${blocks}, lambda x: ${low} | ${high})`;
}

function mixed(blocks: string): string {
  const multiplied = `list_transform(${blocks}, lambda x: ${times('x', 0xcc9e2d51)})`;
  return `list_transform(${multiplied}, lambda x: ${times(rotated('x', 15), 0x1b873593)})`;
}

function absorbed(blocks: string): string {
  const step = low32(`${rotated('xor(h, k)', 13)} * ${unsigned(5)} + ${unsigned(0xe6546b64)}`);
  return `list_reduce(${mixed(blocks)}, lambda h, k: ${step}, ${unsigned(0)})`;
}

function finished(hash: string): string {
  const first = withName('h', hash, times(`xor(h, h >> ${unsigned(16)})`, 0x85ebca6b));
  const second = withName('h', first, times(`xor(h, h >> ${unsigned(13)})`, 0xc2b2ae35));
  return withName('h', second, `xor(h, h >> ${unsigned(16)})`);
}

/** Of 32 bits, which stand twice in 64, so that those on the left are there again on the right. */
function rotated(value: string, bits: number): string {
  return low32(`(${value} * ${unsigned(2 ** 32 + 1)}) >> ${unsigned(32 - bits)}`);
}

function times(value: string, factor: number): string {
  return low32(`${value} * ${unsigned(factor)}`);
}

function low32(value: string): string {
  return `((${value}) & ${unsigned(0xffffffff)})`;
}

function unsigned(value: number): string {
  return `${value}::UBIGINT`;
}

/** An expression that uses a value several times and computes it once. */
function withName(name: string, value: string, expression: string): string {
  return `list_transform([${value}], lambda ${name}: ${expression})[1]`;
}
