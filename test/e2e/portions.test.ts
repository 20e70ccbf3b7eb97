/** A query whose rows can be given file by file is fetched in portions, so that its first rows wait for the first of them alone. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parts } from '../../scripts/real/index.mjs';
import type { FlightSqlClient } from '../../src/client/index.js';
import { type DamagingProxy, flipped, startDamagingProxy } from './support/damaging-proxy.js';
import { type S3TestServer, startS3TestServer } from './support/s3-server.js';
import { rowsAsText } from './support/server.js';

const { missing } = parts.rustfs.find();

/** Bytes of a portion, and of all the files that are kept. */
const PORTION = 64 * 1024;

describe.skipIf(missing !== undefined)('large scans of files on S3 (RustFS)', () => {
  let proxy: DamagingProxy;
  let server: S3TestServer;
  let client: FlightSqlClient;
  /** Requests for data files since it was emptied. */
  const asked: string[] = [];
  const counted: DamagingProxy['damage'] = (answer) => {
    if (answer.path.endsWith('.parquet')) asked.push(answer.path);
    return answer;
  };
  const model = `SELECT range AS id, range % 7 AS k, hash(range)::VARCHAR AS text, [range, -range] AS list FROM range(20000)`;

  beforeAll(async () => {
    server = await startS3TestServer({
      cacheSize: 0,
      mergeGap: 0,
      portionSize: PORTION,
      policies: [
        {
          table: 'demo.people',
          role: 'analyst',
          rowFilter: { type: 'lt', left: { type: 'reference', name: 'k' }, right: 3 },
          masks: { text: 'sha-256-query-local' },
        },
      ],
      proxy: async (endpoint) => {
        proxy = await startDamagingProxy(endpoint);
        return proxy;
      },
    });
    proxy.damage = counted;
    client = await server.client('adminuser');
    const properties = (fileSize = '30000') =>
      `TBLPROPERTIES ('write.parquet.row-group-size-bytes' = '65536', 'write.target-file-size-bytes' = '${fileSize}')`;
    await client.executeUpdate(`CREATE TABLE many ${properties()} AS ${model}`);
    await client.executeUpdate(`CREATE TABLE single ${properties('100000000')} AS ${model}`);
    for (const table of ['many', 'single']) {
      await client.executeUpdate(`CREATE VIEW seen_of_${table} AS SELECT id, k, text FROM ${table} WHERE k <> 3`);
      await client.executeUpdate(`CREATE VIEW counts_of_${table} AS SELECT k, count(*) AS n FROM ${table} GROUP BY k`);
      await client.executeUpdate(`CREATE VIEW first_of_${table} AS SELECT id, text FROM ${table} WHERE k = 2 LIMIT 7`);
    }
  });
  afterAll(() => server?.stop());

  it('is set up with many files, and one of many row groups', async () => {
    const files = (table: string) =>
      rowsAsText(client, `SELECT record_count, len(split_offsets) AS n, file_size_in_bytes FROM "${table}$files"`);
    expect((await files('many')).length).toBeGreaterThan(5);
    expect(await files('single')).toEqual([
      ['20000', expect.stringMatching(/^(?:[5-9]|[1-9]\d+)$/), expect.anything()],
    ]);
  });

  const queries = (table: string) => [
    `SELECT * FROM ${table}`,
    `SELECT id, upper(text) AS u, list[1] + k AS sum FROM ${table} WHERE k < 3`,
    `SELECT text FROM ${table} WHERE id BETWEEN 5000 AND 15000 AND k = 2`,
    `SELECT _file, _pos, id FROM ${table} WHERE k = 5`,
    `SELECT id FROM ${table} WHERE id < 0`,
    `SELECT 1 AS one FROM ${table}`,
    `SELECT n, t FROM (SELECT id + 1 AS n, upper(text) AS t, k FROM ${table} WHERE k > 2) WHERE n % 3 = 0`,
    `SELECT id, text FROM seen_of_${table} WHERE id > 100`,
    `SELECT k + 1 AS k, n FROM counts_of_${table} WHERE n > 1`,
    `SELECT * FROM (SELECT n FROM counts_of_${table})`,
  ];

  describe.each(['many', 'single'])('of %s', (table) => {
    it('give the same rows as one that reads all at once', async () => {
      for (const sql of queries(table)) {
        // What is sorted is not given file by file.
        const sorted = (rows: string[][]) => rows.map((row) => row.join('|')).sort();
        const whole = await rowsAsText(client, `SELECT * FROM (${sql}) ORDER BY ALL`);
        expect(sorted(await rowsAsText(client, sql)), sql).toEqual(sorted(whole));
      }
    });

    it('begin when the first files are there, and fetch no more than they are read', async () => {
      asked.length = 0;
      const sql = `SELECT id, text FROM ${table}`;
      await rowsAsText(client, sql);
      const all = asked.length;
      asked.length = 0;
      const result = await client.execute(sql);
      for await (const batch of result.batches) {
        expect(batch.length).toBeGreaterThan(0);
        break;
      }
      const first = asked.length;
      expect(first).toBeGreaterThan(0);
      expect(first).toBeLessThan(all / 2);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(asked.length).toBeLessThan(all / 2);
    });

    it('fail where a later file can not be read, and do not look whole', async () => {
      let passed = 0;
      proxy.damage = (answer) => {
        if (!answer.path.endsWith('.parquet')) return answer;
        const body = Buffer.from('<Error><Code>NoSuchKey</Code></Error>');
        return ++passed > 8 ? { ...answer, status: 404, headers: {}, body } : answer;
      };
      let rows = 0;
      try {
        const result = await client.execute(`SELECT id, text FROM ${table}`);
        await expect(
          (async () => {
            for await (const batch of result.batches) rows += batch.length;
          })(),
        ).rejects.toMatchObject({ code: expect.stringMatching(/NOT_FOUND|DATA_LOSS/) });
      } finally {
        proxy.damage = counted;
      }
      expect(rows).toBeGreaterThan(0);
      expect(rows).toBeLessThan(20_000);
    });

    it('have a damaged file fetched once more', async () => {
      let passed = 0;
      proxy.damage = (answer) => (answer.path.endsWith('.parquet') && ++passed === 9 ? flipped(answer, 0.5) : answer);
      try {
        expect(await rowsAsText(client, `SELECT id FROM ${table} WHERE text IS NOT NULL`)).toHaveLength(20_000);
      } finally {
        proxy.damage = counted;
      }
      expect(passed).toBeGreaterThan(9);
    });
  });

  it('read what a view limits, and net changes, as a whole', async () => {
    expect(await rowsAsText(client, 'SELECT id FROM first_of_many')).toHaveLength(7);
    expect(await rowsAsText(client, 'SELECT id FROM first_of_single WHERE text IS NOT NULL')).toHaveLength(7);
    await client.executeUpdate('CREATE TABLE changing AS SELECT * FROM many WHERE id < 15000');
    const snapshots = async () => (await rowsAsText(client, 'SELECT snapshot_id FROM "changing$snapshots"')).flat();
    await client.executeUpdate('INSERT INTO changing SELECT * FROM many WHERE id >= 15000');
    await client.executeUpdate('DELETE FROM changing WHERE id % 100 = 3');
    const [first, , last] = await snapshots();
    const changes = await rowsAsText(
      client,
      `SELECT id, _change_type FROM "changing$changes" FOR VERSION FROM ${first} TO ${last}`,
    );
    const wanted = Array.from({ length: 20_000 }, (_, id) => [id, id >= 15_000 ? 'INSERT' : 'DELETE'] as const)
      .filter(([id]) => (id >= 15_000 ? id % 100 !== 3 : id % 100 === 3))
      .map(([id, type]) => `${id} ${type}`);
    expect(changes.map((row) => row.join(' ')).sort()).toEqual(wanted.sort());
  });

  it('give of a restricted table what its person may see, with one salt for all of it', async () => {
    const analyst = await server.client('analyst');
    await client.executeUpdate(
      `CREATE TABLE people TBLPROPERTIES ('format-version' = '3', 'write.delete.mode' = 'merge-on-read', 'write.parquet.row-group-size-bytes' = '65536')
         AS SELECT id, k, (id % 50)::VARCHAR AS text FROM single`,
    );
    await client.executeUpdate('DELETE FROM people WHERE id % 11 = 5');
    const seen = Array.from({ length: 20_000 }, (_, id) => id).filter((id) => id % 11 !== 5 && id % 7 < 3);
    const rows = await rowsAsText(analyst, 'SELECT id, text FROM people');
    expect(rows.map(([id]) => Number(id)).sort((a, b) => a - b)).toEqual(seen);
    const masked = new Map(rows.map(([id, text]) => [Number(id) % 50, text]));
    expect(masked.size).toBe(50);
    expect(rows.filter(([id, text]) => masked.get(Number(id) % 50) !== text)).toEqual([]);
    const numbered = await rowsAsText(client, 'SELECT _row_id, _pos, id FROM people WHERE k < 3');
    expect(numbered.every(([row, position]) => row === position)).toBe(true);
    expect(numbered.map(([, , id]) => Number(id)).sort((a, b) => a - b)).toEqual(seen);
  });

  it('have in them what a branch and a transaction have', async () => {
    await client.executeUpdate('CREATE TABLE branched AS SELECT id, text FROM single');
    await client.executeUpdate('ALTER TABLE branched CREATE BRANCH more');
    await client.executeUpdate("INSERT INTO branched.branch_more SELECT range, 'x' FROM range(100000, 104000)");
    expect(await rowsAsText(client, 'SELECT id FROM branched.branch_more WHERE id >= 99000')).toHaveLength(4000);
    await client.executeUpdate('BEGIN');
    try {
      await client.executeUpdate('DELETE FROM branched WHERE id < 15000');
      expect(await rowsAsText(client, 'SELECT id FROM branched WHERE id < 15500')).toHaveLength(500);
    } finally {
      await client.executeUpdate('ROLLBACK');
    }
    expect(await rowsAsText(client, 'SELECT id FROM branched')).toHaveLength(20_000);
  });

  it('end with a LIMIT as soon as it is reached', async () => {
    asked.length = 0;
    const rows = await rowsAsText(client, 'SELECT id, text FROM many WHERE k < 4 LIMIT 300');
    expect(rows).toHaveLength(300);
    expect(new Set(rows.map(([id]) => id)).size).toBe(300);
    const few = asked.length;
    asked.length = 0;
    await rowsAsText(client, 'SELECT id, text FROM many WHERE k < 4');
    expect(few).toBeLessThan(asked.length / 2);
    expect(await rowsAsText(client, 'SELECT id FROM single WHERE k < 4 LIMIT 0')).toEqual([]);
    expect(await rowsAsText(client, 'SELECT id FROM single WHERE id % 5000 = 77 LIMIT 3')).toHaveLength(3);
    expect(await rowsAsText(client, 'SELECT id FROM single WHERE id % 5000 = 77 LIMIT 30')).toHaveLength(4);
    expect(await rowsAsText(client, 'SELECT id FROM many WHERE id % 5000 = 77 LIMIT 3 OFFSET 2')).toHaveLength(2);
  });

  it('need no room for all of it: with a cache of no size, all is fetched again', async () => {
    const requests = async () => {
      asked.length = 0;
      await rowsAsText(client, 'SELECT * FROM many');
      return asked.length;
    };
    expect(await requests()).toBeGreaterThan(4);
    expect(await requests()).toBeGreaterThan(4);
  });

  it('give rows that were changed as they are now', async () => {
    for (const table of ['many', 'single']) {
      await client.executeUpdate(`ALTER TABLE ${table} SET TBLPROPERTIES ('write.delete.mode' = 'merge-on-read')`);
      await client.executeUpdate(`DELETE FROM ${table} WHERE id % 1000 = 17`);
      await client.executeUpdate(`ALTER TABLE ${table} ADD COLUMN more INT`);
      await client.executeUpdate(`ALTER TABLE ${table} RENAME COLUMN text TO words`);
      const rows = await rowsAsText(client, `SELECT id, words, more FROM ${table}`);
      expect(rows.map(([id]) => Number(id)).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 20_000 }, (_, id) => id).filter((id) => id % 1000 !== 17),
      );
      expect(new Set(rows.map(([, , more]) => more))).toEqual(new Set(['NULL']));
    }
  });

  it('have their figures told as those of one scan', async () => {
    const sql = 'SELECT id AS told, list FROM single';
    const rows = await rowsAsText(client, sql);
    await vi.waitFor(async () => {
      const found = await rowsAsText(
        client,
        `SELECT q.rows, s.files_planned, s.row_groups > 5, s.bytes_fetched BETWEEN 40000 AND s.bytes_planned
           FROM system.runtime.queries q JOIN system.runtime.scans s USING (id)
           WHERE q.sql = '${sql}' AND q.source = 'DoGet' AND q.ended IS NOT NULL`,
      );
      expect(found).toEqual([[String(rows.length), '1', 'true', 'true']]);
    });
  });
});
