import { expect, it } from 'vitest';
import { bucketExpression } from '../../../../src/engine/duckdb/transforms/bucket-expression.js';
import type { Type } from '../../../../src/iceberg/index.js';
import { applyTransform } from '../../../../src/iceberg/transforms/transform.js';
import type { Value } from '../../../../src/iceberg/values/single-value.js';
import { parseValue } from '../../../../src/iceberg/values/text-value.js';
import { useEngine } from '../process/support.js';

const bench = useEngine();

let seed = 20260101;
/** Below 2^32, the same ones in every run. */
function random(): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return (seed ^ (seed >>> 13)) >>> 0;
}
const upTo = (limit: number) => random() % limit;
const wide = (bits: number) => {
  const all = Array.from({ length: 4 }, random).reduce((sum, part) => (sum << 32n) | BigInt(part), 0n);
  return BigInt.asIntN(1 + upTo(bits), all);
};
const several = <T>(count: number, make: () => T) => Array.from({ length: count }, make);
const hex = (length: number) => several(length, () => upTo(256).toString(16).padStart(2, '0')).join('');

const points = ['a', 'Z', ' ', '\n', 'é', 'ß', '\u{7ff}', '\u{800}', '表', '\u{ffff}', '😀', '\u{10ffff}'];
const text = (length: number) => several(length, () => points[upTo(points.length)]).join('');
const decimal = (unscaled: bigint, scale: number) => {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${unscaled < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`;
};
const pad = (value: number, width = 2) => String(value).padStart(width, '0');
const time = () => `${pad(upTo(24))}:${pad(upTo(60))}:${pad(upTo(60))}.${pad(upTo(1000000), 6)}`;
const date = () => `${pad(1 + upTo(9998), 4)}-${pad(1 + upTo(12))}-${pad(1 + upTo(28))}`;
const nanoseconds = () =>
  `${1700 + upTo(500)}-${pad(1 + upTo(12))}-${pad(1 + upTo(28))} ${time()}${pad(upTo(1000), 3)}`;
const uuid = () => hex(16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

const primitive = (type: string) => ({ kind: 'primitive', type }) as Type;
const decimals = (precision: number, scale: number): [Type, string, string[]] => [
  { kind: 'decimal', precision, scale },
  `DECIMAL(${precision},${scale})`,
  [
    ...[0n, 1n, -1n, 127n, 128n, -128n, -129n, 255n, 256n, -256n, 32767n, 32768n, -32768n, -32769n],
    ...[10n ** BigInt(precision) - 1n, 1n - 10n ** BigInt(precision)],
    ...several(400, () => wide(127) % 10n ** BigInt(precision)),
  ].map((unscaled) => decimal(unscaled, scale)),
];

const cases: [Type, string, string[]][] = [
  [
    primitive('int'),
    'INTEGER',
    ['34', '0', '-1', '2147483647', '-2147483648', ...several(400, () => String(wide(32)))],
  ],
  [primitive('long'), 'BIGINT', ['0', `${2n ** 63n - 1n}`, `${-(2n ** 63n)}`, ...several(400, () => String(wide(64)))]],
  decimals(5, 0),
  decimals(9, 2),
  decimals(18, 18),
  decimals(38, 38),
  decimals(38, 10),
  [primitive('date'), 'DATE', ['1970-01-01', '1969-12-31', '0001-01-01', '9999-12-31', ...several(300, date)]],
  [primitive('time'), 'TIME', ['00:00:00', '23:59:59.999999', ...several(300, time)]],
  [primitive('timestamp'), 'TIMESTAMP', ['1969-12-31 23:59:59.999999', ...several(300, () => `${date()} ${time()}`)]],
  [primitive('timestamptz'), 'TIMESTAMPTZ', several(300, () => `${date()} ${time()}+00:00`)],
  [primitive('timestamp_ns'), 'TIMESTAMP_NS', ['1969-12-31 23:59:59.999999999', ...several(300, nanoseconds)]],
  [primitive('string'), 'VARCHAR', ['', 'iceberg', '\0', 'a\0b', ...several(400, () => text(upTo(40)))]],
  [primitive('string'), 'VARCHAR', several(20, () => text(200 + upTo(900)))],
  [primitive('string'), 'VARCHAR', [text(60000), 'é'.repeat(32768), 'x'.repeat(131073), 'y'.repeat(65536)]],
  [primitive('uuid'), 'UUID', ['f79c3e09-677c-4bbd-a479-3f349cb785e7', ...several(300, uuid)]],
  [primitive('binary'), 'BLOB', ['', '00', '00010203', 'ff', ...several(300, () => hex(upTo(40)))]],
  [{ kind: 'fixed', length: 7 }, 'BLOB', several(100, () => hex(7))],
];

const named = cases.map(
  (entry) => [entry[1], entry[2].reduce((most, { length }) => Math.max(most, length), 0), ...entry] as const,
);
it.each(named)(
  'the engine puts a %s, in texts of up to %i characters, into the bucket of the specification',
  async (...[, , type, sqlType, texts]) => {
    const literal = (value: string) => `'${value.replaceAll("'", "''").replaceAll('\0', "' || chr(0) || '")}'`;
    const value = (sql: string) => (sqlType === 'BLOB' ? `unhex(${sql})` : `CAST(${sql} AS ${sqlType})`);
    const rows = [...texts.map(literal), 'NULL'].map((sql, index) => `(${index}, ${sql})`);
    for (const count of [1, 16, 1000, 2147483647]) {
      const expression = bucketExpression('v', type, count) as string;
      const found = await bench.rows(
        `SELECT ${expression} FROM (SELECT i, ${value('t')} AS v FROM (VALUES ${rows.join(', ')}) AS r(i, t)) ORDER BY i`,
      );
      const expected = texts.map((given) =>
        applyTransform({ kind: 'bucket', parameter: count }, type, parseValue(type, given) as Value),
      );
      expect(found.map(([bucket]) => (bucket === null ? null : Number(bucket)))).toEqual([...expected, null]);
    }
  },
);

it('has no bucket for types that the specification gives no hash', () => {
  for (const type of ['boolean', 'float', 'double', 'variant', 'unknown']) {
    expect(bucketExpression('v', primitive(type), 16)).toBeUndefined();
  }
});
