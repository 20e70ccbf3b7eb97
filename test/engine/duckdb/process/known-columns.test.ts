import { expect, it } from 'vitest';
import { batchToRows } from '../../../../src/arrow/index.js';
import { useEngine } from './support.js';

const bench = useEngine();

async function answer(sql: string) {
  const { signal } = new AbortController();
  const { schema, batches } = await bench.instance.run(sql, [], { signal, batchBytes: 1 << 20 });
  const rows: unknown[][] = [];
  for await (const batch of batches) rows.push(...batchToRows(schema, batch));
  const fields = schema.fields.map(({ name, type, metadata }) => [name, String(type), [...metadata]]);
  return { fields, rows };
}

it.each([
  'SELECT 1 AS a, 2 AS a, 3 AS "A", 4 AS a_1, 5 AS "a:1"',
  'SELECT range AS a, -range AS a FROM range(5000) ORDER BY 2',
  'SELECT sum(range) AS s, sum(range) AS s, avg(range) FROM range(10)',
  'SELECT range FROM range(100000) ORDER BY hash(range), range',
  'FROM range(3) SELECT range + 1',
  'VALUES (1, NULL, INTERVAL 3 DAYS), (2, 1.5, NULL)',
  'TABLE (FROM range(2))',
  '(SELECT 3 AS x) UNION ALL BY NAME (SELECT 4 AS y) ORDER BY ALL',
  'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n, n FROM r -- the end',
  'WITH query AS (SELECT 7 AS q) SELECT * FROM query',
  "SELECT {'a': 1, 'b': [NULL, 'x']} AS s, MAP {'k': 2.5}, ROW(1, 'y'), [170141183460469231731687303715884105727]",
  "SELECT 'a'::ENUM('a', 'b') AS e, TIME '12:00:00+01' AS z, '101'::BIT AS b, 1::UHUGEINT AS u, ST_Point(1, 2) AS g",
  "SELECT CAST({'a': [1, 2]} AS VARIANT) AS v, NULL, 'x'::JSON",
  'SELECT unnest([1, 2, 3]) AS u, unnest([4, 5]) AS w',
  'SELECT * FROM (SELECT 1 AS a, 2 AS b) JOIN (SELECT 1 AS a, 3 AS c) USING (a)',
  'SELECT * EXCLUDE (b) REPLACE (a + 1 AS a) FROM (SELECT 1 AS a, 2 AS b, 3 AS c)',
  'SELECT COLUMNS(*) + 1 FROM (SELECT 1 AS a, 2 AS b)',
  'SELECT range AS x FROM range(10) LIMIT 30% OFFSET 1',
  'PIVOT (SELECT 1 AS a, 2 AS b) ON a IN (1, 2) USING sum(b)',
  'SELECT 1 AS a WHERE false',
  "SELECT 'it''s' || chr(0) || '$1 ? $$' AS t",
])('a query answers the same when its columns are known: %s', async (sql) => {
  const first = await answer(sql).catch((error: Error) => error.message);
  for (let run = 0; run < 2; run++) {
    expect(await answer(sql).catch((error: Error) => error.message)).toEqual(first);
  }
});

it.each([
  ["SELECT 1 AS a, CAST(range::VARCHAR || 'x' AS INTEGER) FROM range(3)", /Could not convert string '0x'/],
  ["SELECT CASE WHEN range > 5000 THEN error('too many') END FROM range(10000)", /too many/],
])('a query fails the same when its columns are known: %s', async (sql, message) => {
  const failure = () =>
    answer(sql).then(
      () => undefined,
      ({ code, message }) => ({ code, message }),
    );
  const first = await failure();
  expect(first).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) });
  expect(await failure()).toEqual(first);
});
