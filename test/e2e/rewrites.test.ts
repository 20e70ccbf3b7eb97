/** Rewrites of files beside other writers, by the hundreds, and as PyIceberg reads what they leave. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parts } from '../../scripts/real/index.mjs';
import { type FaultyCatalog, startFaultyCatalog } from './support/faulty-catalog.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

const all = "options => map('rewrite-all', 'true')";

describe('beside other writers', () => {
  let catalog: FaultyCatalog;
  beforeAll(async () => {
    catalog = await startFaultyCatalog();
  });
  afterEach(() => {
    catalog.fault = () => undefined;
  });
  afterAll(() => catalog?.stop());

  /** Does something when the catalog is about to see the first commit of a replacement. */
  function meanwhile(action: () => Promise<unknown>): void {
    let done = false;
    catalog.fault = async ({ method, body }) => {
      if (method !== 'POST' || !body.includes('"operation":"replace"') || done) return undefined;
      done = true;
      await action();
      return undefined;
    };
  }

  async function madeTable(name: string, version = 2): Promise<void> {
    await catalog.update(`CREATE TABLE ${name} (id BIGINT) TBLPROPERTIES ('format-version' = '${version}')`);
    for (const first of [0, 10, 20]) await catalog.update(`INSERT INTO ${name} SELECT range + ${first} FROM range(10)`);
    await catalog.update(`DELETE FROM ${name} WHERE id IN (5, 15)`);
  }

  const ids = async (table: string) => (await catalog.rows(`SELECT count(*), sum(id) FROM ${table}`))[0]?.map(Number);
  const call = (table: string, more = all) =>
    catalog.rows(`CALL system.rewrite_data_files(table => '${table}', ${more})`);

  it('rows that were added stay in their files', async () => {
    await madeTable('added_to');
    meanwhile(() => catalog.rival('INSERT INTO added_to VALUES (100)'));
    expect((await call('added_to'))[0]?.map(Number).slice(0, 2)).toEqual([3, 1]);
    expect(await ids('added_to')).toEqual([29, 515]);
    expect(await catalog.rows('SELECT count(*) FROM added_to$data_files')).toEqual([[2n]]);
  });

  it.each([2, 3])('rows that were deleted stay deleted (version %i)', async (version) => {
    const table = `deleted_from_${version}`;
    await madeTable(table, version);
    const files = await catalog.files();
    meanwhile(() => catalog.rival(`DELETE FROM ${table} WHERE id = 7`));
    expect((await call(table))[0]?.map(Number).slice(0, 2)).toEqual([3, 1]);
    expect(await ids(table)).toEqual([27, 408]);
    expect(await catalog.rows(`SELECT count(*) FROM ${table}$delete_files`)).toEqual([[0n]]);
    // A data file, a manifest and a list; a delete file, a manifest or two and a list of the rival's. What was written in vain is gone.
    const data = (await catalog.files()).filter((path) => path.endsWith('.parquet') && !path.includes('deletes'));
    expect(data).toHaveLength(
      files.filter((path) => path.endsWith('.parquet') && !path.includes('deletes')).length + 1,
    );
  });

  it('rows that were updated are those of the update', async () => {
    await madeTable('updated');
    meanwhile(() => catalog.rival('UPDATE updated SET id = 1000 WHERE id = 0'));
    await call('updated');
    expect(await ids('updated')).toEqual([28, 1415]);
  });

  it('files that another rewrite took are left to it', async () => {
    await madeTable('taken');
    meanwhile(() => catalog.rival('ALTER TABLE taken EXECUTE optimize'));
    expect((await call('taken'))[0]?.map(Number).slice(0, 2)).toEqual([0, 0]);
    expect(await ids('taken')).toEqual([28, 415]);
    expect(await catalog.rows('SELECT count(*) FROM taken$data_files')).toEqual([[1n]]);
  });

  it('position deletes that were rewritten elsewhere are rewritten anew', async () => {
    await madeTable('twice');
    await catalog.update('DELETE FROM twice WHERE id = 25');
    const rewrite =
      "CALL system.rewrite_position_delete_files(table => 'twice', options => map('rewrite-all', 'true'))";
    meanwhile(() => catalog.rival('DELETE FROM twice WHERE id = 26'));
    expect((await catalog.rows(rewrite))[0]?.map(Number).slice(0, 2)).toEqual([2, 1]);
    expect(await ids('twice')).toEqual([26, 364]);
  });

  it.each([
    [403, 'ForbiddenException', 'PERMISSION_DENIED'],
    [409, 'CommitFailedException', 'ABORTED'],
  ])('a commit that is refused with %i leaves the table as it was and no file', async (status, type, code) => {
    const table = `refused_${status}`;
    await madeTable(table);
    await catalog.update(`ALTER TABLE ${table} SET TBLPROPERTIES ('commit.retry.num-retries' = '1')`);
    const files = await catalog.files();
    catalog.fault = ({ method, body }) =>
      method === 'POST' && body.includes('"operation":"replace"') ? { status, type } : undefined;
    const calls = [
      `CALL system.rewrite_data_files(table => '${table}', ${all})`,
      `CALL system.rewrite_position_delete_files(table => '${table}', ${all})`,
      `CALL system.rewrite_manifests('${table}')`,
    ];
    for (const sql of calls) await expect(catalog.rows(sql)).rejects.toMatchObject({ code });
    expect(await catalog.files()).toEqual(files);
    expect(await ids(table)).toEqual([28, 415]);
  });

  it('groups whose commit fails are left, where a part of the work counts', async () => {
    await catalog.update('CREATE TABLE partly (id BIGINT, k INT) PARTITIONED BY (k)');
    for (const _ of [1, 2]) await catalog.update('INSERT INTO partly SELECT range, range % 4 FROM range(8)');
    let commits = 0;
    catalog.fault = ({ method, body }) => {
      if (method !== 'POST' || !body.includes('add-snapshot')) return undefined;
      commits++;
      return commits === 2 ? { status: 403, type: 'ForbiddenException' } : undefined;
    };
    const options =
      "options => map('min-input-files', '2', 'partial-progress.enabled', 'true', 'partial-progress.max-commits', '4')";
    expect((await call('partly', options))[0]?.map(Number)).toEqual([6, 3, expect.any(Number), 2, 0]);
    expect(await ids('partly')).toEqual([16, 56]);
    expect(await catalog.rows('SELECT count(*) FROM partly$files')).toEqual([[5n]]);
  });

  it('each part is committed, also of a ticket and beside others', async () => {
    await catalog.update('CREATE TABLE in_parts (id BIGINT, k INT) PARTITIONED BY (k)');
    for (const _ of [1, 2]) await catalog.update('INSERT INTO in_parts SELECT range, range % 4 FROM range(8)');
    let commits = 0;
    catalog.fault = async ({ method, body }) => {
      if (method !== 'POST' || !body.includes('add-snapshot') || !body.includes('replace')) return undefined;
      if (++commits !== 2) return undefined;
      await catalog.rival('INSERT INTO in_parts VALUES (100, 9)');
      return undefined;
    };
    const options =
      "options => map('min-input-files', '2', 'partial-progress.enabled', 'true', 'partial-progress.max-commits', '4')";
    const [counts] = await catalog.rows(
      `CALL system.rewrite_data_files(table => 'in_parts', ${options})`,
      randomUUID(),
    );
    expect(counts?.map(Number)).toEqual([8, 4, expect.any(Number), 0, 0]);
    expect(await ids('in_parts')).toEqual([17, 156]);
    expect(await catalog.rows('SELECT count(*) FROM in_parts$files')).toEqual([[5n]]);
  });
});

describe('of many files', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server?.stop());

  it('keeps every row, its id and its deletion', async () => {
    const client = await server.client('adminuser');
    const rows = (sql: string) => rowsAsText(client, sql);
    await client.executeUpdate(
      "CREATE TABLE many (id BIGINT, i INT, l BIGINT, s VARCHAR) PARTITIONED BY (i) TBLPROPERTIES ('format-version' = '3')",
    );
    await client.executeUpdate(
      "INSERT INTO many SELECT range, range % 1100, range * 3, 'row ' || range FROM range(4400)",
    );
    await client.executeUpdate('DELETE FROM many WHERE id % 13 = 3');
    await client.executeUpdate('ALTER TABLE many RESET PARTITIONED BY');
    const before = await rows('SELECT id, l, s, _row_id, _last_updated_sequence_number FROM many ORDER BY id');
    expect(before).toHaveLength(4061);
    const [counts] = await rows("CALL system.rewrite_data_files('many')");
    expect(counts?.slice(0, 2).concat(counts.slice(3))).toEqual(['1100', '1', '0', '339']);
    expect(await rows('SELECT id, l, s, _row_id, _last_updated_sequence_number FROM many ORDER BY id')).toEqual(before);
    expect(await rows('SELECT count(*), sum(record_count) FROM many$files')).toEqual([['1', '4061']]);
  }, 180_000);

  const { path: python = '', missing } = parts.python.find();
  it.skipIf(missing !== undefined)(
    'leaves what PyIceberg reads',
    async () => {
      const client = await server.client('adminuser');
      await client.executeUpdate('CREATE TABLE read_back (id BIGINT, i INT, l BIGINT, s VARCHAR) PARTITIONED BY (i)');
      for (const first of [0, 10, 20]) {
        await client.executeUpdate(
          `INSERT INTO read_back SELECT range + ${first}, range % 2, range, 'r' || range FROM range(10)`,
        );
      }
      await client.executeUpdate('DELETE FROM read_back WHERE id % 10 = 4');
      await client.executeUpdate('DELETE FROM read_back WHERE id % 10 = 6');
      const calls = [
        "CALL system.rewrite_position_delete_files(table => 'read_back', options => map('rewrite-all', 'true'))",
        "CALL system.rewrite_manifests('read_back')",
        `CALL system.rewrite_data_files(table => 'read_back', where => 'i = 0', ${all})`,
        `CALL system.rewrite_data_files(table => 'read_back', strategy => 'sort', sort_order => 'zorder(id, l)', ${all})`,
        "CALL system.expire_snapshots(table => 'read_back', older_than => now())",
      ];
      const program = fileURLToPath(new URL('support/pyiceberg_rows.py', import.meta.url));
      const { uri, name } = server.stack.catalog;
      for (const sql of calls) {
        await rowsAsText(client, sql);
        const { stdout } = await promisify(execFile)(python, [program, uri, name, 'demo', 'read_back'], {
          env: { ...process.env, SKUA_TOKEN: await server.stack.token('adminuser'), PYTHONDONTWRITEBYTECODE: '1' },
        });
        const read = (JSON.parse(stdout) as string[][]).map(([id]) => Number(id)).sort((one, other) => one - other);
        const wanted = Array.from({ length: 30 }, (_, id) => id).filter((id) => ![4, 6].includes(id % 10));
        expect(read, sql).toEqual(wanted);
      }
    },
    180_000,
  );
});
