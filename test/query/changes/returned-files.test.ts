/** Data files that left a table and came back: deletes of the time before say nothing of them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FaultyCatalog, startFaultyCatalog } from '../../e2e/support/faulty-catalog.js';

let catalog: FaultyCatalog;
beforeAll(async () => {
  catalog = await startFaultyCatalog();
});
afterAll(() => catalog?.stop());

const ids = async (table: string) => (await catalog.rows(`SELECT id FROM ${table} ORDER BY id`)).flat().map(Number);

/** Rows 0 to 4 in a file, and 10 to 14 in another; 1 and 11 are deleted by one file. The first file goes and comes back. */
async function withReturnedFile(table: string): Promise<void> {
  await catalog.update(
    `CREATE TABLE ${table} (id BIGINT) TBLPROPERTIES ('format-version' = '2', 'write.delete.granularity' = 'partition')`,
  );
  await catalog.update(`INSERT INTO ${table} SELECT range FROM range(5)`);
  await catalog.update(`INSERT INTO ${table} SELECT 10 + range FROM range(5)`);
  await catalog.update(`DELETE FROM ${table} WHERE id IN (1, 11)`);
  const [[location]] = (await catalog.rows(`SELECT _file FROM ${table} WHERE id = 0`)) as [[string]];
  await catalog.update(`DELETE FROM ${table} WHERE id < 5`);
  expect(await ids(table)).toEqual([10, 12, 13, 14]);
  await catalog.rows(`CALL system.add_files('${table}', '${location}')`);
  expect(await ids(table)).toEqual([0, 1, 2, 3, 4, 10, 12, 13, 14]);
}

const kept = [0, 1, 2, 4, 10, 12, 13, 14];

describe('a data file that came back', () => {
  it('keeps its rows where position delete files are rewritten', async () => {
    await withReturnedFile('merged');
    await catalog.update('DELETE FROM merged WHERE id = 3');
    expect(await ids('merged')).toEqual(kept);
    const all = "options => map('rewrite-all', 'true')";
    await catalog.rows(`CALL system.rewrite_position_delete_files(table => 'merged', ${all})`);
    expect(await ids('merged')).toEqual(kept);
    expect(await catalog.rows('SELECT count(*) FROM merged$delete_files')).toEqual([[1n]]);
    await catalog.rows(`CALL system.rewrite_data_files(table => 'merged', ${all})`);
    expect(await ids('merged')).toEqual(kept);
  });

  it('keeps its rows where deletes become vectors', async () => {
    await withReturnedFile('upgraded');
    await catalog.update("ALTER TABLE upgraded SET TBLPROPERTIES ('format-version' = '3')");
    await catalog.update('DELETE FROM upgraded WHERE id IN (3, 13)');
    expect(await ids('upgraded')).toEqual([0, 1, 2, 4, 10, 12, 14]);
  });

  it('keeps its rows where position delete files are rewritten as vectors', async () => {
    await withReturnedFile('mixed');
    await catalog.update('DELETE FROM mixed WHERE id = 3');
    await catalog.update("ALTER TABLE mixed SET TBLPROPERTIES ('format-version' = '3')");
    await catalog.rows("CALL system.rewrite_position_delete_files(table => 'mixed')");
    expect(await ids('mixed')).toEqual(kept);
    expect(await catalog.rows('SELECT DISTINCT file_format FROM mixed$delete_files')).toEqual([['PUFFIN']]);
  });

  it('keeps its rows where the snapshot before it is picked or rolled back to', async () => {
    await withReturnedFile('turned');
    const [[before]] = (await catalog.rows(
      'SELECT snapshot_id FROM turned$snapshots ORDER BY committed_at DESC LIMIT 1',
    )) as [[bigint]];
    await catalog.update('DELETE FROM turned WHERE id = 3');
    const [[after]] = (await catalog.rows(
      'SELECT snapshot_id FROM turned$snapshots ORDER BY committed_at DESC LIMIT 1',
    )) as [[bigint]];
    await catalog.rows(`CALL system.rollback_to_snapshot('turned', ${before})`);
    expect(await ids('turned')).toEqual([0, 1, 2, 3, 4, 10, 12, 13, 14]);
    await catalog.rows(`CALL system.cherrypick_snapshot('turned', ${after})`);
    expect(await ids('turned')).toEqual(kept);
    const all = "options => map('rewrite-all', 'true')";
    await catalog.rows(`CALL system.rewrite_position_delete_files(table => 'turned', ${all})`);
    expect(await ids('turned')).toEqual(kept);
  });
});
