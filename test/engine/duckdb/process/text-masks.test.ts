import { Utf8 } from 'apache-arrow';
import { expect, it } from 'vitest';
import { batchToRows } from '../../../../src/arrow/index.js';
import { column, physical, scan, source, useEngine } from './support.js';

const bench = useEngine();

/** What becomes of a text by the specification, by code points. */
function masked(text: string | null, first: number, last: number): string | null {
  if (text === null) return null;
  const points = [...text];
  if (first + last > 0 && points.length <= first + last) return text;
  const mask = (point: string) => (/^[0-9]$/.test(point) ? 'n' : /^[(),.@-]$/.test(point) ? point : 'x');
  return points.map((point, index) => (index < first || index >= points.length - last ? point : mask(point))).join('');
}

const functions = [
  ['skua_mask_alphanum', 0, 0],
  ['skua_show_first_4', 4, 0],
  ['skua_show_last_4', 0, 4],
] as const;

const pieces = [
  'a',
  'Z',
  '0',
  '9',
  ' ',
  '-',
  '@',
  '(',
  ')',
  ',',
  '.',
  'é',
  'ß',
  '\u{7ff}',
  '\u{800}',
  '表',
  '\u{301}',
  '😀',
  '\0',
  '\n',
];
let seed = 7;
const upTo = (limit: number) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return (seed >>> 8) % limit;
};
const text = () =>
  Array.from({ length: upTo(3) === 0 ? upTo(60) : upTo(14) }, () => pieces[upTo(pieces.length)]).join('');
const sqlOf = (value: string | null) =>
  value === null ? 'NULL' : `'${value.replaceAll("'", "''").replaceAll('\0', "' || chr(0) || '")}'`;

it.each(functions)('%s masks texts of any characters and lengths, and keeps NULL', async (name, first, last) => {
  const texts = Array.from({ length: 6000 }, () => (upTo(9) === 0 ? null : text()));
  const rows = texts.map((value, index) => `(${index}, ${sqlOf(value)})`);
  const found = await bench.rows(
    `SELECT ${name}(t) FROM (SELECT i, t FROM (VALUES ${rows.join(', ')}) AS v(i, t)) ORDER BY i`,
  );
  expect(found.map(([value]) => value)).toEqual(texts.map((value) => masked(value, first, last)));
});

it.each(functions)('%s masks constants, what lists hold, and texts of which few differ', async (name, first, last) => {
  const [[constant, nothing, list]] = (await bench.rows(
    `SELECT ${name}('ab1 2-3'), ${name}(NULL), list_transform(['ab1 2-3', NULL, 'x'], lambda e: ${name}(e))`,
  )) as [unknown[]];
  expect([constant, nothing]).toEqual([masked('ab1 2-3', first, last), null]);
  expect(list).toEqual([masked('ab1 2-3', first, last), null, masked('x', first, last)]);
  const path = `${bench.directory}/few.parquet`;
  await bench.write(
    `COPY (SELECT ['DELIVER IN PERSON', 'NONE', 'a@b.c 12', NULL][1 + i % 4] AS t FROM range(50000) r(i))
     TO '${path}' (FORMAT parquet, FIELD_IDS {t: 1})`,
  );
  const files = scan('few', [column('t', new Utf8(), 1)], [source(path, [physical('t', 1)])]);
  const few = await bench.rows(`SELECT ${name}(t), count(*) FROM few GROUP BY ALL ORDER BY ALL`, [files]);
  const expected = ['DELIVER IN PERSON', 'NONE', 'a@b.c 12', null].map((value) => masked(value, first, last));
  expect(few.map(([value]) => value).sort()).toEqual([...expected].sort());
});

it('texts of many megabytes are masked beside short ones', async () => {
  const [row] = await bench.rows(
    `SELECT sum(length(m)), sum(length(m) - length(replace(m, 'n', ''))), count(DISTINCT left(m, 3))
     FROM (SELECT skua_mask_alphanum(repeat('a1', CASE WHEN i % 500 = 0 THEN 3000000 ELSE i % 40 END)) AS m FROM range(3000) r(i))`,
  );
  const lengths = Array.from({ length: 3000 }, (_, i) => 2 * (i % 500 === 0 ? 3000000 : i % 40));
  const total = lengths.reduce((sum, length) => sum + length, 0);
  expect(row?.map(Number)).toEqual([total, total / 2, 3]);
});

it('a query that masks ends when it is cancelled, and the engine goes on', async () => {
  const query = `SELECT skua_mask_alphanum(repeat('ab 12', 200) || i) AS t FROM range(100000000) r(i)`;
  for (let round = 0; round < 4; round++) {
    const abort = new AbortController();
    const result = await bench.instance.run(query, [], {
      signal: abort.signal,
      batchBytes: 1 << 16,
      parameters: undefined,
    });
    const reading = (async () => {
      let batches = 0;
      for await (const batch of result.batches) {
        expect(batchToRows(result.schema, batch).length).toBeGreaterThan(0);
        if (++batches > round) abort.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' });
  }
  const both = await Promise.all(
    [1, 2, 3, 4].map(() => bench.rows(`SELECT max(skua_mask_alphanum('a' || i)) FROM range(200000) r(i)`)),
  );
  expect(both.map((rows) => rows[0]?.[0])).toEqual(Array(4).fill('xnnnnnn'));
});
