/** What arrives damaged from the store is read once more, is never an answer, and never stays. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parts } from '../../scripts/real/index.mjs';
import type { FlightSqlClient } from '../../src/client/index.js';
import { type DamagingProxy, flipped, type StoreAnswer, startDamagingProxy } from './support/damaging-proxy.js';
import { bucket, type S3TestServer, startS3TestServer } from './support/s3-server.js';
import { rowsAsText } from './support/server.js';

const { missing } = parts.rustfs.find();
const places = [0.03, 0.2, 0.4, 0.55, 0.7, 0.85, 0.97];

describe.skipIf(missing !== undefined)('objects that arrive damaged from S3 (RustFS)', () => {
  let proxy: DamagingProxy;
  let server: S3TestServer;
  let client: FlightSqlClient;
  let tables = 0;

  beforeAll(async () => {
    server = await startS3TestServer({
      proxy: async (endpoint) => {
        proxy = await startDamagingProxy(endpoint);
        return proxy;
      },
    });
    client = await server.client('adminuser');
  });
  afterAll(() => server?.stop());

  /** A table that nothing is cached of, and what its sum is. */
  async function table({
    rows = 300,
    version = 2,
    deletes = false,
  }): Promise<{ name: string; sql: string; wanted: string[][] }> {
    const name = `damaged_${tables++}`;
    const properties = `'format-version' = '${version}', 'write.delete.mode' = 'merge-on-read'`;
    await client.executeUpdate(
      `CREATE TABLE ${name} (id BIGINT, text VARCHAR, x DOUBLE) TBLPROPERTIES (${properties})`,
    );
    await client.executeUpdate(
      `INSERT INTO ${name} SELECT range, 'text ' || hash(range), range / 3 FROM range(${rows}) ORDER BY hash(range)`,
    );
    if (deletes) await client.executeUpdate(`DELETE FROM ${name} WHERE id % 7 = 3`);
    const sum = 'count(*), sum(hash(id)), sum(hash(text)), sum(hash(x))';
    const kept = deletes ? ' WHERE range % 7 <> 3' : '';
    const model = `SELECT range AS id, 'text ' || hash(range) AS text, range / 3 AS x FROM range(${rows})${kept}`;
    return {
      name,
      sql: `SELECT ${sum} FROM ${name}`,
      wanted: await rowsAsText(client, `SELECT ${sum} FROM (${model})`),
    };
  }

  async function failure(sql: string): Promise<{ code?: string; message?: string } | undefined> {
    return rowsAsText(client, sql).then(
      () => undefined,
      (error) => error,
    );
  }

  /** Changes the first answer of each object of a kind, or all of them. */
  function damage(kind: RegExp, how: (answer: StoreAnswer) => StoreAnswer, { always = false } = {}): void {
    proxy.damaged.length = 0;
    proxy.damage = (answer) => {
      if (!kind.test(answer.path) || (!always && proxy.damaged.includes(answer.path))) return answer;
      return how(answer);
    };
  }

  const kinds = [
    { title: 'a manifest list', kind: /\/snap-[^/]*\.avro$/, make: {} },
    { title: 'a manifest', kind: /\/metadata\/(?!snap-)[^/]*\.avro$/, make: {} },
    { title: 'a data file', kind: /\/data\/[^/]*\.parquet$/, make: {} },
    { title: 'a file of position deletes', kind: /\/data\/[^/]*deletes[^/]*\.parquet$/, make: { deletes: true } },
    { title: 'a deletion vector', kind: /\.puffin$/, make: { version: 3, deletes: true } },
  ];

  describe.each(kinds)('$title', ({ kind, make }) => {
    it.each(places)('with one bit flipped once, at %f of it: the answer is right', async (place) => {
      const { sql, wanted } = await table(make);
      damage(kind, (answer) => flipped(answer, place));
      expect(await rowsAsText(client, sql)).toEqual(wanted);
      expect(proxy.damaged.length).toBeGreaterThan(0);
      proxy.damage = undefined;
      expect(await rowsAsText(client, sql)).toEqual(wanted);
    });

    it.each(places)(
      'with one bit flipped every time, at %f of it: DATA_LOSS names it, and does not stay',
      async (place) => {
        const { sql, wanted } = await table(make);
        damage(kind, (answer) => flipped(answer, place), { always: true });
        const failed = await failure(sql);
        expect(failed).toMatchObject({ code: 'DATA_LOSS' });
        const object = proxy.damaged.find((path) => failed?.message?.includes(`s3:/${path}`));
        expect(object, failed?.message).toMatch(kind);
        proxy.damage = undefined;
        expect(await rowsAsText(client, sql)).toEqual(wanted);
      },
    );
  });

  const data = /\/data\/[^/]*\.parquet$/;
  /** Larger than what is fetched as a whole. */
  const large = { rows: 60_000 };

  it.each<[string, (answer: StoreAnswer) => StoreAnswer]>([
    ['another range', (answer) => ({ ...answer, headers: { ...answer.headers, 'content-range': shifted(answer) } })],
    ['zeros', (answer) => ({ ...answer, body: Buffer.alloc(answer.body.length) })],
    ['another version of the object', (answer) => ({ ...answer, headers: { ...answer.headers, etag: '"other"' } })],
    ['a body that ends early', (answer) => cut(answer)],
  ])('a range that is answered with %s once is asked for again', async (_, how) => {
    const { sql, wanted } = await table(large);
    damage(data, how);
    expect(await rowsAsText(client, sql)).toEqual(wanted);
    expect(proxy.damaged).not.toEqual([]);
    expect(await rowsAsText(client, sql)).toEqual(wanted);
  });

  describe('column chunks of a large data file', () => {
    it.each(places)('with one bit flipped once, at %f of them: the answer is right', async (place) => {
      const { sql, wanted } = await table(large);
      damage(data, (answer) => (isFooter(answer) ? answer : flipped(answer, place * 0.95)));
      expect(await rowsAsText(client, sql)).toEqual(wanted);
      expect(proxy.damaged.length).toBeGreaterThan(0);
      expect(await rowsAsText(client, sql)).toEqual(wanted);
    });

    it.each(places)(
      'with one bit flipped every time, at %f of them: DATA_LOSS names the file, and does not stay',
      async (place) => {
        const { sql, wanted } = await table(large);
        damage(data, (answer) => (isFooter(answer) ? answer : flipped(answer, place * 0.95)), { always: true });
        const failed = await failure(sql);
        expect(failed).toMatchObject({ code: 'DATA_LOSS' });
        expect(
          proxy.damaged.some((path) => failed?.message?.includes(`s3:/${path}`)),
          failed?.message,
        ).toBe(true);
        proxy.damage = undefined;
        expect(await rowsAsText(client, sql)).toEqual(wanted);
      },
    );
  });

  /** Nothing but the engine notices: what has no header has no checksum either. */
  const withoutHeader = (answer: StoreAnswer) => {
    if (!/^bytes [04]-/.test(answer.headers['content-range'] ?? '')) return answer;
    return { ...answer, body: Buffer.from(answer.body).fill(0, 0, 40) };
  };

  describe('damage that the engine is the first to notice', () => {
    it.each<[string, (name: string) => string]>([
      ['a query', (name) => `SELECT count(*), sum(hash(id)), sum(hash(text)) FROM ${name}`],
      ['a query with the rows in order', (name) => `SELECT id, text FROM ${name} WHERE id % 1000 = 7 ORDER BY text`],
      ['EXPLAIN ANALYZE', (name) => `EXPLAIN ANALYZE SELECT sum(id) FROM ${name}`],
    ])('once does not hinder %s', async (_, sqlOf) => {
      const { name } = await table(large);
      damage(data, withoutHeader);
      expect(await failure(sqlOf(name))).toBeUndefined();
      expect(proxy.damaged).not.toEqual([]);
    });

    it.each<[string, (name: string) => string, number]>([
      ['INSERT', (name) => `INSERT INTO ${name} SELECT id + 100000, text, x FROM ${name} WHERE id < 10`, 10],
      ['UPDATE', (name) => `UPDATE ${name} SET text = 'new' WHERE id < 10`, 10],
      ['DELETE', (name) => `DELETE FROM ${name} WHERE id % 2 = 0`, 30_000],
    ])('once does not hinder %s', async (_, sqlOf, count) => {
      const { name } = await table(large);
      damage(data, withoutHeader);
      expect(await client.executeUpdate(sqlOf(name))).toBe(count);
      expect(proxy.damaged).not.toEqual([]);
    });

    it('every time is DATA_LOSS that names the object and no local file, and does not stay', async () => {
      const { sql, wanted } = await table(large);
      damage(data, withoutHeader, { always: true });
      const failed = await failure(sql);
      expect(failed).toMatchObject({
        code: 'DATA_LOSS',
        message: expect.stringContaining(`'s3://${bucket}/demo/damaged_`),
      });
      expect(failed?.message).not.toMatch(/[0-9a-f]{32}\.parquet/);
      proxy.damage = undefined;
      expect(await rowsAsText(client, sql)).toEqual(wanted);
    });
  });

  it('a range that is answered with zeros every time is DATA_LOSS that names the object, and does not stay', async () => {
    const { sql, wanted } = await table(large);
    damage(data, (answer) => ({ ...answer, body: Buffer.alloc(answer.body.length) }), { always: true });
    const failed = await failure(sql);
    expect(failed).toMatchObject({ code: 'DATA_LOSS', message: expect.stringContaining(`s3://${bucket}/`) });
    proxy.damage = undefined;
    expect(await rowsAsText(client, sql)).toEqual(wanted);
  });
});

/** Whether the answer is one of the whole file's end alone. */
function isFooter({ headers }: StoreAnswer): boolean {
  const [, first, size] = /(\d+)-\d+\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  return Number(first) > Number(size) / 2;
}

function shifted({ headers }: StoreAnswer): string {
  return String(headers['content-range'] ?? '').replace(/\d+/, (first) => String(Number(first) + 1));
}

function cut(answer: StoreAnswer): StoreAnswer {
  const body = answer.body.subarray(0, answer.body.length >> 1);
  return { ...answer, body, headers: { ...answer.headers, 'content-length': String(body.length) } };
}
