/** Files that a join can't need are not read, and leaving them out never changes an answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlightSqlClient } from '../../src/client/index.js';
import { pick, randomFrom } from './support/random-rows.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

let server: TestServer;
let client: FlightSqlClient;

/** 24 months of facts, a file each; `part` is null in the first of them now and then. */
beforeAll(async () => {
  server = await startTestServer();
  client = await server.client('adminuser');
  for (const sql of [
    `CREATE TABLE facts (id BIGINT, day DATE, part INTEGER, code VARCHAR, price DECIMAL(9,2)) PARTITIONED BY (month(day))`,
    `INSERT INTO facts SELECT range, DATE '2024-01-01' + (range % 720)::INTEGER, CASE WHEN range % 720 < 20 THEN NULL
       ELSE (range % 720)::INTEGER END, 'c' || lpad((range % 720)::VARCHAR, 3, '0'), (range % 720) / 4 FROM range(20000)`,
    `CREATE TABLE days AS SELECT DATE '2024-01-01' + range::INTEGER AS day, (range // 91)::INTEGER AS quarter,
       (DATE '2024-01-01' + range::INTEGER)::TIMESTAMP AS moment FROM range(720)`,
    `CREATE TABLE parts AS SELECT range::BIGINT AS part, 'c' || lpad(range::VARCHAR, 3, '0') AS code, range / 4 AS price,
       range % 5 AS kind FROM range(100, 140)`,
    `INSERT INTO parts VALUES (NULL, NULL, NULL, 9)`,
    `CREATE TABLE kinds AS SELECT range AS kind, 'kind ' || range AS label FROM range(5)`,
    `CREATE TABLE nothing AS SELECT * FROM parts WHERE false`,
  ]) {
    await client.executeUpdate(sql);
  }
});
afterAll(() => server?.stop());

async function explained(sql: string): Promise<string> {
  return (await rowsAsText(client, `EXPLAIN ANALYZE ${sql}`)).map(([line]) => line).join('\n');
}

/** Files that were planned of those that a table has. */
function files(plan: string, table: string): { planned: number; total: number } {
  const part = plan.slice(plan.search(new RegExp(`Table \\S*${table},`)));
  const [, planned, total] = /files: (\d+) planned of (\d+)/.exec(part) ?? [];
  return { planned: Number(planned), total: Number(total) };
}

/** The same query in a form that no join key can be learnt from. */
function unprunable(sql: string): string {
  return sql.replace(
    /\bf\.(day|part|code|price)\b(?= *(?:=|IN|IS NOT DISTINCT|NOT IN))/g,
    '(CASE WHEN random() >= 0 THEN f.$1 END)',
  );
}

const pruning = [
  'SELECT count(*), sum(f.id) FROM facts f JOIN days d ON f.day = d.day WHERE d.quarter = 3',
  'SELECT count(*), sum(id) FROM facts f WHERE f.day IN (SELECT day FROM days WHERE quarter = 3)',
  'SELECT count(*), sum(id) FROM facts f WHERE EXISTS (SELECT 1 FROM days d WHERE f.day = d.day AND d.quarter = 3)',
  'SELECT d.day, count(f.id) FROM days d LEFT JOIN facts f ON f.day = d.day WHERE d.quarter = 3 GROUP BY ALL',
  'SELECT d.day, f.id FROM facts f RIGHT JOIN (SELECT * FROM days WHERE quarter = 3) d ON f.day = d.day',
  'SELECT f.id, d.quarter FROM facts f, days d WHERE f.day = d.day AND d.quarter IN (2, 3) AND f.id % 7 = 0',
  'SELECT f.id, p.kind FROM facts f JOIN parts p ON f.part = p.part',
  'SELECT f.id, p.kind FROM facts f JOIN parts p ON f.code = p.code WHERE p.kind < 3',
  "SELECT f.id, k.label FROM facts f JOIN parts p ON f.part = p.part JOIN kinds k ON p.kind = k.kind WHERE k.label = 'kind 2'",
  'SELECT f.id FROM facts f JOIN parts p ON f.part IS NOT DISTINCT FROM p.part',
  'SELECT f.id FROM facts f JOIN nothing p ON f.part = p.part',
  'SELECT s.day, s.total FROM (SELECT f.day, sum(id) AS total FROM facts f GROUP BY f.day) s JOIN days d ON s.day = d.day WHERE d.quarter = 1',
  'WITH few AS (SELECT day FROM days WHERE quarter = 3) SELECT id FROM facts f JOIN few ON f.day = few.day JOIN few g ON f.day = g.day',
  'SELECT id FROM facts f JOIN (SELECT DISTINCT day FROM days WHERE quarter = 3 ORDER BY day LIMIT 5) d ON f.day = d.day WHERE false OR d.day IS NOT NULL',
  'SELECT f.id FROM facts f WHERE f.day IN (SELECT day FROM days WHERE quarter = 3) AND f.part IN (SELECT part FROM parts)',
  'SELECT f.id FROM facts f JOIN days d ON f.day = d.day JOIN parts p ON f.part = p.part WHERE d.quarter = 1 AND p.kind = 1',
];

const keeping = [
  'SELECT f.id, d.quarter FROM facts f LEFT JOIN (SELECT * FROM days WHERE quarter = 3) d ON f.day = d.day',
  'SELECT f.id, d.quarter FROM facts f FULL JOIN (SELECT * FROM days WHERE quarter = 3) d ON f.day = d.day',
  'SELECT id FROM facts f WHERE NOT EXISTS (SELECT 1 FROM days d WHERE f.day = d.day AND d.quarter = 3)',
  'SELECT id FROM facts f WHERE f.part NOT IN (SELECT part FROM parts WHERE part IS NOT NULL)',
  'SELECT id FROM facts f WHERE f.part NOT IN (SELECT part FROM parts)',
  'SELECT f.id, row_number() OVER (ORDER BY f.id) AS number FROM facts f QUALIFY number < 5',
  'SELECT s.id FROM (SELECT f.id, f.day AS d, row_number() OVER (ORDER BY f.id) AS n FROM facts f) s JOIN days ON s.d = days.day WHERE days.quarter = 3 AND s.n < 2000',
  'SELECT s.id FROM (SELECT f.id, f.day AS d FROM facts f ORDER BY f.id LIMIT 100) s JOIN days ON s.d = days.day WHERE days.quarter = 0',
  'SELECT f.id, g.id FROM facts f JOIN days d ON f.day = d.day JOIN facts g ON g.id = f.id + 1 WHERE d.quarter = 3',
  'SELECT count(*) FROM (SELECT f.day AS d FROM facts f UNION ALL SELECT day FROM days) s JOIN days ON s.d = days.day WHERE days.quarter = 3',
  'SELECT f.id FROM facts f JOIN days d ON f.day + INTERVAL 1 DAY = d.day WHERE d.quarter = 3',
  'SELECT sum(CASE WHEN f.day IN (SELECT day FROM days WHERE quarter = 3) THEN 1 ELSE 0 END), count(*) FROM facts f',
];

describe('join keys', () => {
  it.each(pruning)('prune the larger side of %s', async (sql) => {
    const plan = await explained(sql);
    const { planned, total } = files(plan, 'facts');
    expect(plan).toContain('by join keys');
    expect(planned).toBeLessThan(total / 2);
    expect((await rowsAsText(client, sql)).sort()).toEqual((await rowsAsText(client, unprunable(sql))).sort());
  });

  it.each(keeping)('leave alone %s', async (sql) => {
    const plan = await explained(sql);
    const { planned, total } = files(plan, 'facts');
    expect(planned).toBe(total);
    expect((await rowsAsText(client, sql)).sort()).toEqual((await rowsAsText(client, unprunable(sql))).sort());
  });

  it('are not read for a table whose files all have values of their whole range', async () => {
    await client.executeUpdate('CREATE TABLE mixed (id BIGINT, part INTEGER)');
    for (const half of [0, 1]) {
      await client.executeUpdate(
        `INSERT INTO mixed SELECT range * 2 + ${half}, (range * 7919 % 720)::INTEGER FROM range(20000)`,
      );
    }
    const plan = await explained('SELECT m.id FROM mixed m JOIN parts p ON m.part = p.part WHERE p.kind = 1');
    expect(plan).toContain('mixed');
    expect(plan).not.toContain('join keys:');
    const apart = await explained('SELECT f.id FROM facts f JOIN parts p ON f.part = p.part WHERE p.kind = 1');
    expect(apart).toContain('join keys:');
  });

  it('are those of the values that a statement is given', async () => {
    const random = randomFrom('join keys');
    for (let turn = 0; turn < 12; turn++) {
      const join = pick(random, ['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN', 'SEMI JOIN', 'ANTI JOIN']);
      const key = pick(random, [
        'f.day = d.day',
        'f.part = d.n',
        'f.day = d.day AND f.part = d.n',
        'f.part IS NOT DISTINCT FROM d.n',
      ]);
      const quarter = pick(random, ['0', '3', '7', '2 AND d.n % 2 = 0', '1 OR d.n IS NULL']);
      const days = `(SELECT *, CASE WHEN quarter > 0 THEN (day - DATE '2024-01-01')::INTEGER END AS n FROM days)`;
      const sql = `SELECT f.id FROM facts f ${join} (SELECT * FROM ${days} d WHERE d.quarter = ${quarter}) d ON ${key}`;
      expect((await rowsAsText(client, sql)).sort(), sql).toEqual((await rowsAsText(client, unprunable(sql))).sort());
    }
  });
});
