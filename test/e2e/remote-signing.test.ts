/** Tables whose files are reached without keys: the catalog signs each request to the store. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parts } from '../../scripts/real/index.mjs';
import { asUser } from '../embedded/client.js';
import { type S3TestServer, startS3TestServer } from './support/s3-server.js';
import { rowsAsText } from './support/server.js';

const { missing } = parts.rustfs.find();

describe.skipIf(missing !== undefined)('a store on RustFS whose keys only the catalog has', () => {
  let server: S3TestServer;
  beforeAll(async () => {
    server = await startS3TestServer({ remoteSigning: true, cacheSize: 0 });
  });
  afterAll(() => server?.stop());

  const signed = () => server.stack.catalog.requests.entries.filter(({ path }) => path.endsWith('/sign')).length;

  it('is written, read, changed and cleaned up as ever', async () => {
    const client = await server.client('adminuser');
    for (const sql of [
      'CREATE TABLE signed (id INT, "a b" VARCHAR) PARTITIONED BY ("a b")',
      "INSERT INTO signed VALUES (1, 'x y'), (2, 'ä+(1)'), (3, NULL)",
      'UPDATE signed SET id = 20 WHERE "a b" = \'ä+(1)\'',
      'DELETE FROM signed WHERE id = 1',
      'CREATE TABLE copied AS SELECT * FROM signed',
      "CALL system.expire_snapshots(table => 'demo.signed', older_than => now() + INTERVAL 1 DAY, retain_last => 1)",
      "CALL system.remove_orphan_files(table => 'demo.signed')",
    ]) {
      await client.executeUpdate(sql);
    }
    for (const table of ['signed', 'copied']) {
      expect(await rowsAsText(client, `SELECT * FROM ${table} ORDER BY id`)).toEqual([
        ['3', 'NULL'],
        ['20', 'ä+(1)'],
      ]);
    }
    expect(signed()).toBeGreaterThan(10);
    await client.executeUpdate('DROP TABLE copied PURGE');
  });

  it('one signature serves for all ranges of a file', async () => {
    const client = await server.client('adminuser');
    await client.executeUpdate(
      "CREATE TABLE wide AS SELECT range AS a, repeat('x', 40) || range AS b FROM range(200000)",
    );
    const before = signed();
    expect(await rowsAsText(client, 'SELECT sum(a), max(b) FROM wide')).toHaveLength(1);
    expect(signed() - before).toBeLessThanOrEqual(3);
  });

  it('signs for a caller what the caller may do to the objects of the table, and nothing else', async () => {
    const { endpoint } = server.rustfs;
    const sign = async (user: string, method: string, path: string, rest: object = {}) => {
      const ask = await asUser(server.stack, user);
      const request = { method, uri: `${endpoint}/${path}`, region: 'us-east-1', headers: {}, ...rest };
      return ask('POST', 'namespaces/demo/tables/signed/sign', request);
    };
    const own = 'warehouse/demo/signed/data/x.parquet';
    expect(await sign('testuser', 'GET', own)).toMatchObject({ status: 200 });
    expect((await sign('testuser', 'GET', own)).headers.get('cache-control')).toContain('private');
    expect((await sign('adminuser', 'PUT', own)).headers.get('cache-control')).toBe('no-store');
    const list = (prefix: string) => sign('testuser', 'GET', `warehouse/?list-type=2&prefix=${prefix}`);
    expect((await list('demo%2Fsigned%2F')).status).toBe(200);
    const keys = (key: string) => ({ body: `<Delete><Object><Key>${key}</Key></Object></Delete>` });
    const refused = await Promise.all([
      sign('testuser', 'PUT', own),
      sign('adminuser', 'GET', 'warehouse/demo/wide/data/x.parquet'),
      sign('adminuser', 'GET', 'warehouse/demo/signed/../wide/data/x.parquet'),
      sign('adminuser', 'GET', 'warehouse/demo/signed%2F..%2Fwide/data/x.parquet'),
      sign('adminuser', 'GET', 'warehouse/demo/signed'),
      sign('adminuser', 'GET', `${own}?acl`),
      sign('adminuser', 'PUT', own, { headers: { 'x-amz-copy-source': ['warehouse/demo/wide/data/x.parquet'] } }),
      sign('adminuser', 'POST', 'warehouse/?delete', keys('demo/wide/data/x.parquet')),
      list('demo%2F'),
      list(''),
    ]);
    expect(refused.map(({ status }) => status)).toEqual(Array(10).fill(403));
    expect((await sign('adminuser', 'POST', 'warehouse/?delete', keys('demo/signed/data/x.parquet'))).status).toBe(200);
  });
});
