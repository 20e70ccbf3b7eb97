/** Procedures over tables with equality deletes, as streams write them: every row stays what it is, and every file is named or gone. */
import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FlightSqlClient } from '../../src/client/index.js';
import { writtenFile } from '../parquet/edited.js';
import { type CraftedFile, craftTable, field } from './support/crafted-table.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

let server: TestServer;
let client: FlightSqlClient;
beforeAll(async () => {
  server = await startTestServer();
  client = await server.client('adminuser');
});
afterAll(() => server?.stop());

const ids = '{id: 1, s: 2}';

async function streamed(name: string, formatVersion: 2 | 3): Promise<void> {
  const data: CraftedFile[] = [];
  for (const first of [0, 10, 20]) {
    const bytes = await writtenFile(`SELECT range + ${first} AS id, 'first' AS s FROM range(10)`, `FIELD_IDS ${ids}`);
    const [lowerBounds, upperBounds] = [first, first + 9].map((id) => new Map([[1, long(id)]]));
    data.push({ bytes, entry: { recordCount: 10, lowerBounds, upperBounds } });
  }
  const deleted: CraftedFile = {
    bytes: await writtenFile('SELECT unnest([3::BIGINT, 13, 23]) AS id', 'FIELD_IDS {id: 1}'),
    entry: { content: 'equality-deletes', recordCount: 3, equalityIds: [1] },
  };
  const fields = [field(1, 'id', 'long'), field(2, 's', 'string')];
  const properties = { 'write.delete.mode': 'merge-on-read' };
  await craftTable(server, name, { formatVersion, fields, data: [data], deletes: [[deleted]], properties });
}

it.each([2, 3] as const)(
  'keeps what equality deletes took away, and what came back later (version %i)',
  async (version) => {
    const table = `demo.streamed_${version}`;
    const rows = (sql: string) => rowsAsText(client, sql);
    const kinds = () => rows(`SELECT content, count(*) FROM ${table}$files GROUP BY 1 ORDER BY 1`);
    await streamed(`streamed_${version}`, version);
    await client.executeUpdate(`INSERT INTO ${table} VALUES (3, 'again'), (100, 'again')`);
    await client.executeUpdate(`DELETE FROM ${table} WHERE id IN (14, 15)`);
    const before = await rows(`SELECT * FROM ${table} ORDER BY id, s`);
    expect(before).toHaveLength(27);
    const calls: [string, string[][]][] = [
      // The first file and that of the insert; the equality deletes are about others, too.
      [
        `rewrite_data_files(table => '${table}', where => 'id < 5', options => map('rewrite-all', 'true'))`,
        [
          ['0', '3'],
          ['1', '1'],
          ['2', '1'],
        ],
      ],
      [
        `rewrite_position_delete_files(table => '${table}', options => map('rewrite-all', 'true'))`,
        [
          ['0', '3'],
          ['1', '1'],
          ['2', '1'],
        ],
      ],
      [
        `rewrite_manifests('${table}')`,
        [
          ['0', '3'],
          ['1', '1'],
          ['2', '1'],
        ],
      ],
      [`rewrite_data_files(table => '${table}', options => map('delete-file-threshold', '1'))`, [['0', '1']]],
      [`remove_dangling_deletes('${table}')`, [['0', '1']]],
      [`expire_snapshots(table => '${table}', older_than => TIMESTAMP '2100-01-01 00:00:00')`, [['0', '1']]],
    ];
    for (const [call, left] of calls) {
      await rows(`CALL quickstart.system.${call}`);
      expect(await rows(`SELECT * FROM ${table} ORDER BY id, s`), call).toEqual(before);
      expect(await kinds(), call).toEqual(left);
    }
    await age(join(server.stack.folder, 'warehouse', 'demo', `streamed_${version}`));
    const orphans = await rows(`CALL quickstart.system.remove_orphan_files(table => '${table}', dry_run => true)`);
    expect(orphans).toEqual([]);
  },
);

function long(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}

/** Makes all files of a folder four days old. */
async function age(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const time = Date.now() / 1000 - 4 * 86_400;
    await utimes(join(entry.parentPath, entry.name), time, time);
  }
}
