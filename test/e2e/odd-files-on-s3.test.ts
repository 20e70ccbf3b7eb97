/** Files that the engine is shown otherwise than they are stored, and sizes that are wrong, on S3 with an empty cache. */
import { readFileSync } from 'node:fs';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlightSqlClient } from '../../src/client/index.js';
import { reannotated, withStatistics, writtenFile } from '../parquet/edited.js';
import { type CraftedFile, craftTable, field, locationOf, type Store } from './support/crafted-table.js';
import { isMissing } from './support/real-clients.js';
import { bucket, type S3TestServer, startS3TestServer } from './support/s3-server.js';
import { rowsAsText } from './support/server.js';

describe.skipIf(isMissing('rustfs'))('odd files on S3 (RustFS), with an empty cache', () => {
  let server: S3TestServer;
  let client: FlightSqlClient;
  let store: Store;
  beforeAll(async () => {
    server = await startS3TestServer({ cacheSize: 0, mergeGap: 0 });
    client = await server.client('adminuser');
    store = {
      root: `s3://${bucket}`,
      async write(location, bytes) {
        const Key = location.slice(`s3://${bucket}/`.length);
        await server.store.send(new PutObjectCommand({ Bucket: bucket, Key, Body: bytes }));
      },
    };
  }, 60_000);
  afterAll(() => server?.stop());

  const one = async (sql: string) => (await rowsAsText(client, sql)).map((values) => values.join('|')).join(', ');
  const fields = [field(1, 'id', 'long'), field(2, 's', 'string')];
  const rows = (count: number) =>
    writtenFile(
      `SELECT i AS id, md5(i::VARCHAR) AS s FROM range(${count}) t(i)`,
      'FIELD_IDS {id: 1, s: 2}, ROW_GROUP_SIZE 20000',
    );

  /** Small ones are fetched as a whole. */
  it.each([10, 200_000])('a file size that is wrong is asked of the store, of files with %s rows', async (count) => {
    const bytes = await rows(count);
    const path = (name: string) => locationOf(server, name, 'data-0-0.parquet', store);
    for (const [name, fileSize] of Object.entries({
      less: 10,
      near: bytes.length - 3,
      more: bytes.length + 999,
      none: 0,
    })) {
      const table = `${name}${count}`;
      const positions = await writtenFile(
        `SELECT '${path(table)}' AS file_path, 3::BIGINT AS pos`,
        'FIELD_IDS {file_path: 2147483546, pos: 2147483545}',
      );
      const deletes: CraftedFile[][] = [[{ bytes: positions, entry: { fileSize: 12 } }]];
      await craftTable(
        server,
        table,
        { fields, data: [[{ bytes, entry: { recordCount: count, fileSize } }]], deletes },
        store,
      );
      const answer = `SELECT count(*), min(id), count(s) FROM demo.${table} WHERE id > 2`;
      expect(await one(answer), table).toBe(`${count - 4}|4|${count - 4}`);
      expect(await one(answer), table).toBe(`${count - 4}|4|${count - 4}`);
    }
  });

  it.each([10, 200_000])(
    'text without annotation and with deprecated bounds is read, of files with %s rows',
    async (count) => {
      const plain = reannotated(await rows(count), { 2: { kind: 'none' } });
      const bytes = withStatistics(plain, { 1: { 1: Buffer.from('a'), 2: Buffer.from('b') } });
      await craftTable(server, `plain${count}`, { fields, data: [[{ bytes, entry: { recordCount: count } }]] }, store);
      const hash = 'c9f0f895fb98ab9159f51fd0297e236d';
      expect(await one(`SELECT id FROM demo.plain${count} WHERE s = '${hash}'`)).toBe('8');
      expect(await one(`SELECT s FROM demo.plain${count} WHERE id = 8`)).toBe(hash);
      expect(await one(`SELECT count(DISTINCT s) FROM demo.plain${count}`)).toBe(String(count));
    },
  );

  it('byte stream split is read a column at a time', async () => {
    const bytes = readFileSync(new URL('../parquet/files/split-v1.parquet', import.meta.url));
    const some = [field(1, 'i', 'int'), field(7, 'm', 'decimal(38,2)'), field(9, 'n', 'int')];
    await craftTable(server, 'split', { fields: some, data: [[{ bytes, entry: { recordCount: 50 } }]] }, store);
    expect(await one('SELECT sum(n) FROM demo.split')).toBe('1225');
    expect(await one('SELECT i, m FROM demo.split WHERE n = 9')).toBe('900022|15.00');
    expect(await one('SELECT count(m), count(i) FROM demo.split')).toBe('43|43');
  });
});
