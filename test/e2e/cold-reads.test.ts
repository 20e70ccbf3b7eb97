/**
 * What is left out of a fetch never changes an answer: random tables on S3, evolved, with deletes, and queries with an empty cache, the same
 * for the same `SKUA_TEST_SEED`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parts } from '../../scripts/real/index.mjs';
import type { FlightSqlClient } from '../../src/client/index.js';
import { below, pick, type Random, randomFrom } from './support/random-rows.js';
import { type S3TestServer, startS3TestServer } from './support/s3-server.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

const seed = process.env.SKUA_TEST_SEED ?? '1';
const numbers = Array.from({ length: 10 }, (_, index) => index);
const { missing } = parts.rustfs.find();

describe.skipIf(missing !== undefined)('tables on S3 (RustFS), read with an empty cache', () => {
  let local: TestServer;
  let remote: S3TestServer;
  let clients: FlightSqlClient[];

  beforeAll(async () => {
    local = await startTestServer();
    remote = await startS3TestServer({ cacheSize: 0, mergeGap: 0, portionSize: 8192 });
    clients = [await local.client('adminuser'), await remote.client('adminuser')];
  });
  afterAll(async () => {
    await local?.stop();
    await remote?.stop();
  });

  async function both(sql: string, told: string): Promise<string[][]> {
    const answers = await Promise.all(clients.map((client) => rowsAsText(client, sql)));
    const [wanted, found] = answers.map((rows) => rows.map((row) => row.join('|')).sort());
    expect(found, told).toEqual(wanted);
    return answers[0] as string[][];
  }

  test.each(numbers)(`seed ${seed}, table %i: answers are those of local files`, async (number) => {
    const random = randomFrom(`cold ${seed}.${number}`);
    const table = randomTable(random, `cold_${number}`, number % 3 === 2 ? 3000 : 5);
    const steps = [`SKUA_TEST_SEED=${seed}`];
    const change = async (sql: string) => {
      steps.push(sql);
      const counts = await Promise.all(clients.map((client) => client.executeUpdate(sql)));
      expect(counts[1], steps.join(';\n')).toBe(counts[0]);
    };
    await change(table.definition);
    for (let step = 0; step < 9; step++) {
      for (const sql of table.change(step)) await change(sql);
    }
    for (let question = 0; question < 14; question++) {
      const sql = table.question();
      await both(sql, [...steps, sql].join(';\n'));
    }
  });

  describe('where the engine applies a comparison otherwise than it is given', () => {
    beforeAll(async () => {
      const definition = `CREATE TABLE ordered TBLPROPERTIES ('write.parquet.row-group-size-bytes' = '1024') AS
        SELECT range AS id, range % 5000 AS b,
          coalesce(['', 'name', 'name 00'][range + 1], 'name ' || lpad((range // 100 + 10)::VARCHAR, 4, '0')) AS s,
          coalesce(['', 'name', 'name 00'][range + 1], 'name ' || lpad((range // 100 % 50 + 10)::VARCHAR, 4, '0')) AS u, DATE '2020-01-01' + (range // 50)::INT AS d,
          DATE '2020-01-01' + (range // 50 % 100)::INT AS e FROM range(20000)`;
      for (const client of clients) await client.executeUpdate(definition);
    });

    const conditions = [
      // Of columns that are equal to each other.
      'id < 5000 AND id = b',
      'id <= 5000 AND b = id AND s > u',
      'id >= 4000 AND id < 9000 AND id - b = 5000 AND id = b + 5000',
      'id = b AND b = 4000',
      'id = 4000 AND id = b',
      "s < 'name 0055' AND s = u",
      "s >= 'name 0055' AND s = u",
      "d < DATE '2020-02-01' AND d = e",
      'id < 5000 AND id = _pos',
      '_pos = id AND b = 3000',
      '_pos = id AND _pos BETWEEN 7000 AND 9000 AND b = 3000',
      // By texts that bounds of row groups begin with.
      "s < 'name 0015' AND s = ''",
      "s < 'name 0015' AND s = 'name'",
      "s <= 'name 0015' AND s < 'name 00'",
      "s < 'name 0015' AND s <= u AND u = 'name'",
      "s BETWEEN 'name 0012' AND 'name 0055' AND s < 'name 0055x' AND s <= 'name 005'",
      // As it is given.
      "s < 'name 0015' AND s IN ('name', 'name 0012')",
      "s LIKE 'name 001%' AND s <> 'name 0011'",
      'id < 5000 AND id < 4000 AND b > 3000',
    ];
    test.each(conditions)('%s', async (condition) => {
      for (const sql of [
        `SELECT count(*), min(id), max(u), min(e) FROM ordered WHERE ${condition}`,
        `SELECT id, b, s FROM ordered WHERE ${condition}`,
        `SELECT * FROM ordered WHERE ${condition} ORDER BY u, id LIMIT 3`,
      ])
        await both(sql, sql);
    });
  });
});

interface Column {
  name: string;
  kind: 'number' | 'text' | 'struct' | 'list';
}

/** A table whose statements are the same for both servers. From 2,048 rows at once, files have several row groups. */
function randomTable(random: Random, name: string, fewest: number) {
  const version = 1 + below(random, 3);
  let columns: Column[] = [
    { name: 'a', kind: 'number' },
    { name: 'd', kind: 'number' },
    { name: 's', kind: 'text' },
    { name: 'o', kind: 'struct' },
    { name: 'l', kind: 'list' },
  ];
  let nextId = 0;
  let nextColumn = 0;
  const partition = pick(random, ['', '', ' PARTITIONED BY (d)', ' PARTITIONED BY (bucket(3, id))']);
  const mode = pick(random, ['merge-on-read', 'merge-on-read', 'copy-on-write']);
  const modes = ['delete', 'update', 'merge'].map((what) => `'write.${what}.mode' = '${mode}'`).join(', ');

  const literalOf = ({ kind }: Column) => {
    switch (kind) {
      case 'number':
        return 'range % 7';
      case 'text':
        return "'v' || range % 5";
      case 'struct':
        return "{'x': range % 4, 'y': 'y' || range % 3}";
      case 'list':
        return '[range, range % 2]';
    }
  };
  /** An expression over a column that gives a number or a text. */
  const partOf = ({ name: column, kind }: Column) => {
    if (kind === 'struct') return pick(random, [`${column}.x`, `${column}.y`]);
    if (kind === 'list') return pick(random, [`len(${column})`, `${column}[1]`]);
    return column;
  };
  const any = () => partOf(pick(random, columns));
  const condition = () => {
    const [column] = [pick(random, columns)];
    const value = partOf(column);
    const isText = column.kind === 'text' || value.endsWith('.y');
    const constant = isText ? pick(random, ["'v1'", "'y1'", "'v4'"]) : String(below(random, 6));
    return pick(random, [
      `${value} = ${constant}`,
      `${value} >= ${constant}`,
      `${value} <> ${constant}`,
      `${value} IS NOT NULL`,
      `${value} IN (${constant}, ${isText ? "'v2'" : '3'})`,
      `hash(${value}) % 3 > 0`,
      `id % 10 < ${below(random, 10)}`,
    ]);
  };
  const where = () => Array.from({ length: 1 + below(random, 3) }, condition).join(pick(random, [' AND ', ' OR ']));
  const insert = () => {
    const from = nextId;
    nextId += fewest + below(random, fewest * 3 + 45);
    const values = columns.map(literalOf);
    return `INSERT INTO ${name} (id, ${columns.map((column) => column.name).join(', ')}) SELECT range, ${values.join(', ')} FROM range(${from}, ${nextId})`;
  };
  const plain = () => columns.filter(({ name: column }) => column !== 'd');

  return {
    definition: `CREATE TABLE ${name} (id BIGINT, a INT, d INT, s VARCHAR, o STRUCT(x INT, y VARCHAR), l BIGINT[])${partition} TBLPROPERTIES ('format-version' = '${version}', 'write.parquet.row-group-size-bytes' = '1024', ${modes})`,
    change(step: number): string[] {
      if (step < 2) return [insert()];
      switch (below(random, 8)) {
        case 0:
          return [insert()];
        case 1:
          return [`DELETE FROM ${name} WHERE ${where()} AND id % 5 = ${below(random, 5)}`];
        case 2: {
          const number = columns.find(({ kind }) => kind === 'number') as Column;
          return [`UPDATE ${name} SET ${number.name} = ${below(random, 9)} WHERE ${condition()} AND id % 4 = 1`];
        }
        case 3: {
          const added: Column = { name: `n${nextColumn++}`, kind: pick(random, ['number', 'text']) };
          columns = [...columns, added];
          const type = added.kind === 'number' ? 'INT' : 'VARCHAR';
          const initial = version < 3 ? '' : ` DEFAULT ${added.kind === 'number' ? '3' : "'v3'"}`;
          return [
            `ALTER TABLE ${name} ADD COLUMN ${added.name} ${type}${initial}${pick(random, ['', ' FIRST'])}`,
            insert(),
          ];
        }
        case 4: {
          const renamed = pick(random, plain());
          const other = `r${nextColumn++}`;
          columns = columns.map((column) => (column === renamed ? { ...column, name: other } : column));
          return [`ALTER TABLE ${name} RENAME COLUMN ${renamed.name} TO ${other}`];
        }
        case 5: {
          const dropped = pick(random, plain());
          if (columns.filter(({ kind }) => kind === dropped.kind).length < 2) return [insert()];
          columns = columns.filter((column) => column !== dropped);
          return [`ALTER TABLE ${name} DROP COLUMN ${dropped.name}`];
        }
        case 6:
          return [
            `MERGE INTO ${name} AS t USING (SELECT range AS k FROM range(${nextId + 3}) WHERE range % 6 = ${below(random, 6)}) AS s ON t.id = s.k WHEN MATCHED AND t.id % 4 = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET d = 2`,
          ];
        default:
          return [`ALTER TABLE ${name} ALTER COLUMN ${pick(random, plain()).name} FIRST`];
      }
    },
    question(): string {
      const [left, right] = [any(), any()];
      return pick(random, [
        `SELECT count(*) FROM ${name}`,
        `SELECT count(*) FROM ${name} WHERE ${where()}`,
        `SELECT count(*), count(${left}), min(${left}), max(${right}) FROM ${name}`,
        `SELECT ${left} FROM ${name} WHERE ${where()}`,
        `SELECT * FROM ${name} WHERE ${where()}`,
        `SELECT ${left} AS k, count(*), sum(id) FROM ${name} GROUP BY 1`,
        `SELECT DISTINCT ${left} FROM ${name} WHERE ${where()}`,
        `SELECT id, ${left} FROM ${name} WHERE ${where()} ORDER BY id LIMIT ${1 + below(random, 9)}`,
        `SELECT id FROM ${name} ORDER BY ${left} NULLS LAST, id DESC LIMIT 4`,
        `SELECT count(*) FROM (SELECT ${left} FROM ${name} LIMIT ${1 + below(random, 40)})`,
        `SELECT t.id, u.${pick(random, plain()).name} FROM ${name} t JOIN ${name} u ON t.id = u.id + 1 WHERE u.id % 3 = 0`,
        `SELECT count(*) FROM ${name} t WHERE EXISTS (SELECT 1 FROM ${name} u WHERE u.id = t.id - 1 AND u.d = 2)`,
        `SELECT id, ${left} FROM ${name} WHERE id = (SELECT max(id) FROM ${name} WHERE ${where()})`,
        `SELECT id, sum(id) OVER (PARTITION BY ${left} ORDER BY id) FROM ${name}`,
        `SELECT count(*), count(_pos), min(_pos) >= 0 FROM ${name} WHERE ${where()}`,
        `SELECT 1 FROM ${name} UNION ALL SELECT 2 FROM ${name} WHERE ${where()}`,
        `WITH x AS (SELECT * FROM ${name}) SELECT count(*) FROM x JOIN x AS y USING (id) WHERE x.d = 2`,
        `FROM (SELECT *, random() AS r FROM ${name}) SELECT count(*) WHERE r >= 0 AND ${where()}`,
      ]);
    },
  };
}
