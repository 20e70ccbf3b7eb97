/** What expire_snapshots and remove_orphan_files remove, and what they leave, counted in the folder of the table. */
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlightSqlClient } from '../../src/client/index.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

let server: TestServer;
let client: FlightSqlClient;
beforeAll(async () => {
  server = await startTestServer();
  client = await server.client('adminuser');
});
afterAll(() => server?.stop());

const rows = (sql: string) => rowsAsText(client, sql);
const only = async (sql: string) => (await rows(sql))[0]?.[0] as string;

/** The table's folder. */
async function folderOf(table: string): Promise<string> {
  const file = await only(`SELECT file FROM ${table}$metadata_log_entries LIMIT 1`);
  return dirname(dirname(file.startsWith('file:') ? fileURLToPath(file) : file));
}

async function filesIn(folder: string, ending = ''): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.flatMap((entry) =>
    entry.isFile() && entry.name.endsWith(ending) ? [join(entry.parentPath, entry.name)] : [],
  );
}

/** A table of four appends, of which the first two files are gone by a delete. */
async function madeTable(name: string): Promise<string> {
  await client.executeUpdate(`CREATE TABLE ${name} (id BIGINT)`);
  for (const id of [1, 2, 3, 4]) await client.executeUpdate(`INSERT INTO ${name} VALUES (${id})`);
  await client.executeUpdate(`DELETE FROM ${name} WHERE id < 3`);
  return folderOf(name);
}

describe('expire_snapshots', () => {
  it('removes the files that only expired snapshots name, and no others', async () => {
    const folder = await madeTable('expired');
    expect(await filesIn(folder, '.parquet')).toHaveLength(4);
    const misplaced = await rows("CALL system.expire_snapshots(table => 'expired', now())").catch(String);
    expect(misplaced).toContain('stands before those by name');
    const [counts] = await rows("CALL system.expire_snapshots('expired', older_than => now())");
    expect(counts?.map(Number)).toEqual([2, 0, 0, 2, 4, 0]);
    expect(await filesIn(folder, '.parquet')).toHaveLength(2);
    expect(await filesIn(folder, '.avro')).toHaveLength(5);
    expect(await rows('SELECT id FROM expired ORDER BY 1')).toEqual([['3'], ['4']]);
    expect(await rows('SELECT count(*) FROM expired$snapshots')).toEqual([['1']]);
    const [again] = await rows("CALL system.expire_snapshots(table => 'expired', older_than => now())");
    expect(again).toEqual(['0', '0', '0', '0', '0', '0']);
  });

  it('keeps what branches and tags name, and drops those that have grown too old', async () => {
    const folder = await madeTable('tagged');
    const first = await only('SELECT min_by(snapshot_id, committed_at) FROM tagged$snapshots');
    await client.executeUpdate(`ALTER TABLE tagged CREATE TAG first AS OF VERSION ${first}`);
    await client.executeUpdate(`ALTER TABLE tagged CREATE TAG old AS OF VERSION ${first} RETAIN 1 MINUTES`);
    await client.executeUpdate('ALTER TABLE tagged CREATE BRANCH kept WITH SNAPSHOT RETENTION 3 SNAPSHOTS');
    const refused = rows(`CALL system.expire_snapshots(table => 'tagged', snapshot_ids => array(${first}))`);
    await expect(refused).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    const [counts] = await rows("CALL system.expire_snapshots('tagged', now(), 1)");
    expect(counts?.map(Number)).toEqual([0, 0, 0, 0, 1, 0]);
    expect(await filesIn(folder, '.parquet')).toHaveLength(4);
    expect(await rows("SELECT id FROM tagged FOR VERSION AS OF 'first'")).toEqual([['1']]);
    expect(await rows('SELECT count(*) FROM tagged$snapshots')).toEqual([['4']]);
  });

  it('keeps five days unless it or the table says otherwise', async () => {
    await madeTable('fresh');
    expect((await rows("CALL system.expire_snapshots('fresh')"))[0]?.[4]).toBe('0');
    const properties = "'history.expire.max-snapshot-age-ms' = '0', 'history.expire.min-snapshots-to-keep' = '3'";
    await client.executeUpdate(`ALTER TABLE fresh SET TBLPROPERTIES (${properties})`);
    expect((await rows("CALL system.expire_snapshots('fresh')"))[0]?.[4]).toBe('2');
    expect((await rows("ALTER TABLE fresh EXECUTE expire_snapshots(retention_threshold => '0s')"))[0]?.[4]).toBe('0');
    const one = "ALTER TABLE fresh EXECUTE expire_snapshots(retention_threshold => '0s', retain_last => 1)";
    expect((await rows(one))[0]?.[4]).toBe('2');
  });

  it('is refused where files belong to others too', async () => {
    await client.executeUpdate("CREATE TABLE shared (id BIGINT) TBLPROPERTIES ('gc.enabled' = 'false')");
    for (const procedure of ['expire_snapshots', 'remove_orphan_files']) {
      await expect(rows(`CALL system.${procedure}('shared')`)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    }
  });

  it('cleans up what no snapshot needs of earlier definitions', async () => {
    await client.executeUpdate('CREATE TABLE redefined (id BIGINT, a INT) PARTITIONED BY (a)');
    await client.executeUpdate('INSERT INTO redefined VALUES (1, 1)');
    await client.executeUpdate('ALTER TABLE redefined SET PARTITIONED BY (bucket(4, id)), ADD COLUMN b INT');
    await client.executeUpdate('INSERT OVERWRITE redefined VALUES (2, 2, 2)');
    await client.executeUpdate('DELETE FROM redefined WHERE id = 1');
    const clean =
      "CALL system.expire_snapshots(table => 'redefined', older_than => now(), clean_expired_metadata => true)";
    expect((await rows(clean))[0]?.slice(0, 1)).toEqual(['1']);
    expect(await rows('SELECT id, a, b FROM redefined')).toEqual([['2', '2', '2']]);
    await client.executeUpdate('INSERT INTO redefined VALUES (3, 3, 3)');
    expect(await rows('SELECT count(*) FROM redefined')).toEqual([['2']]);
  });
});

describe('remove_orphan_files', () => {
  const hours = (count: number) => new Date(Date.now() - count * 3_600_000);

  async function orphan(folder: string, name: string, age: number): Promise<string> {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, 'orphan');
    await utimes(path, hours(age), hours(age));
    return path;
  }

  it('removes old files that nothing of the table names', async () => {
    const folder = await madeTable('littered');
    for (const file of await filesIn(folder)) await utimes(file, hours(1000), hours(1000));
    const needed = await filesIn(folder);
    const old = [await orphan(folder, 'data/old.parquet', 73), await orphan(folder, 'metadata/old.avro', 1000)];
    const young = await orphan(folder, 'data/young.parquet', 71);
    const hidden = await orphan(folder, 'data/_temporary/0', 1000);
    const locations = async (sql: string) => (await rows(sql)).map(([location]) => location?.replace(/^file:\/+/, '/'));
    const dry = "CALL system.remove_orphan_files(table => 'littered', dry_run => true)";
    expect(await locations(dry)).toEqual(old.sort());
    expect(await filesIn(folder)).toHaveLength(needed.length + 4);
    expect(await locations("CALL system.remove_orphan_files('littered')")).toEqual(old.sort());
    expect((await filesIn(folder)).sort()).toEqual([...needed, young, hidden].sort());
    expect(await rows('SELECT count(*) FROM littered')).toEqual([['2']]);
    expect(await rows(dry)).toEqual([]);
    const trino = "ALTER TABLE littered EXECUTE remove_orphan_files(retention_threshold => '48h')";
    expect(await locations(trino)).toEqual([young]);
  });

  it('knows a file by every name of its place, as do the catalog, expiry and PURGE', async () => {
    const schema = dirname(await madeTable('beside'));
    const folder = join(schema, 'spelled');
    await client.executeUpdate(`CREATE TABLE spelled (id BIGINT) LOCATION 'file:${folder}'`);
    await client.executeUpdate('INSERT INTO spelled VALUES (1)');
    for (const [id, place] of [`file://localhost${folder}/data`, `file://${schema}//spelled/data`].entries()) {
      await client.executeUpdate(`ALTER TABLE spelled SET TBLPROPERTIES ('write.data.path' = '${place}')`);
      await client.executeUpdate(`INSERT INTO spelled VALUES (${id + 2})`);
    }
    const lost = await orphan(folder, 'data/lost.parquet', 100);
    for (const file of await filesIn(folder)) await utimes(file, hours(1000), hours(1000));
    const found = await rows("CALL system.remove_orphan_files('spelled', prefix_mismatch_mode => 'DELETE')");
    expect(found.map(([location]) => fileURLToPath(location as string))).toEqual([lost]);
    expect((await rows("CALL system.expire_snapshots('spelled', now())"))[0]?.map(Number)).toEqual([0, 0, 0, 0, 2, 0]);
    expect(await rows('SELECT id FROM spelled ORDER BY 1')).toEqual([['1'], ['2'], ['3']]);
    await client.executeUpdate('DROP TABLE spelled PURGE');
    expect(await filesIn(folder).catch(() => [])).toEqual([]);
  });

  it('refuses ages by which changes that are under way would lose their files', async () => {
    const folder = await madeTable('busy');
    const young = await orphan(folder, 'data/young.parquet', 1);
    const call = "CALL system.remove_orphan_files(table => 'busy', older_than => now())";
    await expect(rows(call)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const forcing = await server.client('adminuser');
    await forcing.executeUpdate("SET remove_orphan_files_min_retention = '0s'");
    expect(await rowsAsText(forcing, call)).toEqual([[expect.stringContaining(young)]]);
    await expect(rows(call)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('stays below the location of its table', async () => {
    const folder = await madeTable('inside');
    for (const location of [dirname(folder), `${folder}/../littered`, 's3://elsewhere/data']) {
      const call = `CALL system.remove_orphan_files(table => 'inside', location => '${location}')`;
      await expect(rows(call)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    const old = await orphan(folder, 'data/old.parquet', 100);
    await orphan(folder, 'metadata/old.avro', 100);
    const within = `CALL system.remove_orphan_files(table => 'inside', location => '${folder}/data')`;
    expect(await rows(within)).toEqual([[expect.stringContaining(old)]]);
  });

  it('leaves a place alone that tables share, unless it is named', async () => {
    const shared = join(dirname(await madeTable('neighbours')), 'common-place');
    for (const table of ['shares', 'shares_too']) {
      const path = `TBLPROPERTIES ('write.data.path' = 'file://${shared}')`;
      await client.executeUpdate(`CREATE TABLE ${table} (id BIGINT) ${path}`);
      await client.executeUpdate(`INSERT INTO ${table} VALUES (1)`);
    }
    for (const file of await filesIn(shared)) await utimes(file, hours(1000), hours(1000));
    expect(await rows("CALL system.remove_orphan_files('shares')")).toEqual([]);
    expect(await rows('SELECT id FROM shares_too')).toEqual([['1']]);
    const named = `CALL system.remove_orphan_files(table => 'shares', location => '${shared}', dry_run => true)`;
    expect(await rows(named)).toHaveLength(1);
  });

  it('is refused to those who may only read', async () => {
    const folder = await madeTable('foreign_files');
    const old = await orphan(folder, 'data/old.parquet', 100);
    const reader = await server.client('testuser');
    await expect(
      rowsAsText(reader, "CALL quickstart.system.remove_orphan_files('demo.foreign_files')"),
    ).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    expect(await filesIn(folder, 'old.parquet')).toEqual([old]);
  });
});

describe('register_table', () => {
  it('makes a table of a metadata file', async () => {
    await madeTable('left');
    const file = await only('SELECT max_by(file, timestamp) FROM left$metadata_log_entries');
    await client.executeUpdate('DROP TABLE left');
    const [row] = await rows(`CALL system.register_table('back', '${file}')`);
    expect(row?.slice(1)).toEqual(['2', '2']);
    expect(await rows('SELECT id FROM back ORDER BY 1')).toEqual([['3'], ['4']]);
    expect(row?.[0]).toBe(await only('SELECT snapshot_id FROM back$refs'));
    await expect(rows(`CALL system.register_table('back', '${file}')`)).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
  });
});

/** Files without field ids, below the table's own location. */
async function landedIn(table: string, folder: string): Promise<string> {
  const place = join(await folderOf(table), 'landed', folder);
  await mkdir(place, { recursive: true });
  const writer = new ParquetWriter({
    writer: fileWriter(join(place, 'f.parquet')),
    schema: [
      { name: 'root', num_children: 2 },
      { name: 'id', type: 'INT64', repetition_type: 'OPTIONAL' },
      { name: 'name', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
    ],
  });
  writer.write({
    columnData: [
      { name: 'id', data: [1n, 2n, null] },
      { name: 'name', data: ['one', 'two', 'three'] },
    ],
  });
  await writer.finish();
  return join(await folderOf(table), 'landed');
}

describe('add_files', () => {
  it('takes Parquet files where they are, once, with the counts and bounds of their footers', async () => {
    await client.executeUpdate('CREATE TABLE added (name VARCHAR, id BIGINT, more INT)');
    const folder = await landedIn('added', '');
    const call = `CALL system.add_files('added', '\`parquet\`.\`file://${folder}\`')`;
    expect(await rows(call)).toEqual([['1', '1']]);
    expect(await rows('SELECT id, name, more FROM added ORDER BY id')).toEqual([
      ['1', 'one', 'NULL'],
      ['2', 'two', 'NULL'],
      ['NULL', 'three', 'NULL'],
    ]);
    expect(await rows('SELECT count(*) FROM added WHERE id > 2')).toEqual([['0']]);
    expect(await rows('SELECT record_count, null_value_counts[2] FROM added$files')).toEqual([['3', '1']]);
    await expect(rows(call)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await expect(rows("CALL system.add_files('added', 'file:///etc')")).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    await client.executeUpdate('CREATE TABLE typed (id BOOLEAN)');
    await expect(rows(`CALL system.add_files('typed', 'file://${await landedIn('typed', '')}')`)).rejects.toMatchObject(
      {
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining("can't be read as BOOLEAN"),
      },
    );
  });

  it('tells partitions by the names of folders', async () => {
    await client.executeUpdate('CREATE TABLE parts (id BIGINT, name VARCHAR, p VARCHAR, q INT) PARTITIONED BY (p, q)');
    for (const folder of ['p=a%2Fb/q=1', 'p=a%2Fb/q=2', 'p=__HIVE_DEFAULT_PARTITION__/q=2'])
      await landedIn('parts', folder);
    const folder = `file://${await folderOf('parts')}/landed`;
    expect(await rows(`CALL system.add_files('parts', '${folder}', map('q', '2'))`)).toEqual([['2', '2']]);
    expect(await rows(`CALL system.add_files('parts', '${folder}/p=a%2Fb/q=1')`)).toEqual([['1', '1']]);
    expect(await rows('SELECT p, q, count(*) FROM parts GROUP BY ALL ORDER BY ALL')).toEqual([
      ['a/b', '1', '3'],
      ['a/b', '2', '3'],
      ['NULL', '2', '3'],
    ]);
    await expect(rows(`CALL system.add_files('parts', '${folder}', map('z', '2'))`)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});

describe('add_files of files that have the column of their folder', () => {
  it('takes the value of the folder for that of the file, as Spark does, wherever it is asked for', async () => {
    await client.executeUpdate('CREATE TABLE told (id BIGINT, name VARCHAR, q INT) PARTITIONED BY (id)');
    await landedIn('told', 'id=7');
    await landedIn('told', 'id=__HIVE_DEFAULT_PARTITION__');
    await rows(`CALL system.add_files('told', 'file://${await folderOf('told')}/landed')`);
    expect(await rows('SELECT id, name FROM told ORDER BY ALL')).toEqual([
      ['7', 'one'],
      ['7', 'three'],
      ['7', 'two'],
      ['NULL', 'one'],
      ['NULL', 'three'],
      ['NULL', 'two'],
    ]);
    for (const [where, count] of [
      ['id = 7', '3'],
      ['id = 1', '0'],
      ['id > 5', '3'],
      ['id < 5', '0'],
      ['id IS NULL', '3'],
      ['id IS NOT NULL', '3'],
      ['id IN (1, 7)', '3'],
      ["id = 7 AND name = 'two'", '1'],
      ["id + 0 = 7 AND name >= 'two'", '1'],
      ['id <> 1', '3'],
    ]) {
      expect(await rows(`SELECT count(*) FROM told WHERE ${where}`), where).toEqual([[count]]);
    }
    expect(await rows('SELECT min(id), max(id), count(id), count(DISTINCT id), count(*) FROM told')).toEqual([
      ['7', '7', '3', '1', '6'],
    ]);
    expect(await rows('SELECT id FROM told ORDER BY id DESC NULLS LAST LIMIT 1')).toEqual([['7']]);
    expect(await rows('SELECT t.name FROM told t JOIN (VALUES (7)) v(k) ON t.id = v.k ORDER BY 1')).toHaveLength(3);
    expect(await client.executeUpdate("UPDATE told SET q = 1 WHERE id = 7 AND name = 'one'")).toBe(1);
    expect(await client.executeUpdate('DELETE FROM told WHERE id = 1')).toBe(0);
    await rows("CALL system.rewrite_data_files(table => 'told', options => map('rewrite-all', 'true'))");
    expect(await rows('SELECT id, count(*), count(q) FROM told GROUP BY 1 ORDER BY 1')).toEqual([
      ['7', '3', '1'],
      ['NULL', '3', '0'],
    ]);
  });
});

describe('compute_table_stats', () => {
  it('counts the distinct values of columns, in a file that goes with its snapshot', async () => {
    await client.executeUpdate(
      "CREATE TABLE counted AS SELECT range AS id, range % 7 AS k, 'v' || range % 50 AS s, {'a': range % 3} AS st FROM range(20000)",
    );
    const file = await only("CALL system.compute_table_stats('counted')");
    const text = await readFile(fileURLToPath(file), 'latin1');
    expect(text.slice(0, 4) + text.slice(-4)).toBe('PFA1PFA1');
    const ndv = [...text.matchAll(/"fields":\[(\d+)\].*?"ndv":"(\d+)"/g)].map(([, id, count]) => [
      Number(id),
      Number(count),
    ]);
    expect(ndv).toEqual([
      [1, expect.closeTo(20_000, -3)],
      [2, 7],
      [3, 50],
    ]);
    expect(await only("CALL system.compute_table_stats(table => 'counted', columns => array('st.a'))")).not.toBe(file);
    for (const columns of ["'st'", "'nothing'"]) {
      const call = `CALL system.compute_table_stats('counted', columns => array(${columns}))`;
      await expect(rows(call)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    await client.executeUpdate('CREATE TABLE uncounted (id INT)');
    expect(await rows("CALL system.compute_table_stats('uncounted')")).toEqual([]);
  });
});
