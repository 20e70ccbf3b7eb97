import { describe, expect, test } from 'vitest';
import {
  applySnapshot,
  type DataFile,
  parseTableMetadata,
  planScan,
  prepareSnapshot,
  type SnapshotChange,
  type TableMetadata,
} from '../../src/iceberg/index.js';
import { loadEntries, loadManifests } from '../../src/iceberg/manifest/load.js';
import { MemoryStorage } from './stores.js';

function emptyTable(formatVersion: number, properties: Record<string, string> = {}): TableMetadata {
  const kind = { 'source-id': 1, 'field-id': 1000, name: 'kind', transform: 'identity' };
  return parseTableMetadata({
    'format-version': formatVersion,
    'table-uuid': 'u',
    location: 's3://b/t',
    'last-updated-ms': 1,
    'last-column-id': 1,
    schemas: [{ type: 'struct', 'schema-id': 0, fields: [{ id: 1, name: 'kind', required: false, type: 'int' }] }],
    'partition-specs': [
      { 'spec-id': 0, fields: [kind] },
      { 'spec-id': 1, fields: [] },
    ],
    'default-spec-id': 0,
    properties,
  });
}

const file = (name: string | number, specId = 0): DataFile => ({
  content: 'data',
  location: `s3://b/t/data/${name}.parquet`,
  format: 'parquet',
  specId,
  partition: specId === 0 ? [Number.parseInt(String(name), 10) % 3] : [],
  recordCount: 10,
  fileSize: 100,
});

interface Table {
  metadata: TableMetadata;
  storage: MemoryStorage;
}

async function commit(table: Table, change: Partial<SnapshotChange>): Promise<void> {
  const whole: SnapshotChange = { operation: 'append', added: [], ...change };
  table.metadata = applySnapshot(table.metadata, await prepareSnapshot(table.metadata, whole, table.storage));
}

async function manifestsOf({ metadata, storage }: Table) {
  return loadManifests({ metadata, storage }, metadata.snapshots.at(-1));
}

async function filesAt({ metadata, storage }: Table, snapshotId?: bigint): Promise<string[]> {
  const { tasks } = await planScan({ metadata, storage, snapshotId });
  return tasks.map(({ file: { location } }) => location).sort();
}

describe.each([1, 2, 3])('120 appends to a version %i table', (version) => {
  test('leave few manifests, each file as it was added, and every snapshot readable', async () => {
    const table: Table = { metadata: emptyTable(version), storage: new MemoryStorage() };
    const added: DataFile[] = [];
    for (let index = 0; index < 120; index++) {
      added.push(file(index));
      await commit(table, { added: [file(index)] });
    }
    const manifests = await manifestsOf(table);
    expect(manifests.map(({ addedFilesCount, existingFilesCount }) => [addedFilesCount, existingFilesCount])).toEqual([
      ...Array.from({ length: 20 }, () => [1, 0]),
      [1, 99],
    ]);
    const { snapshots } = table.metadata;
    for (const [index, { snapshotId }] of snapshots.entries()) {
      const expected = added.slice(0, index + 1).map(({ location }) => location);
      expect(await filesAt(table, snapshotId)).toEqual(expected.sort());
    }
    const { tasks } = await planScan(table);
    const byLocation = new Map(tasks.map((task) => [task.file.location, task.file]));
    for (const [index, { location }] of added.entries()) {
      expect(byLocation.get(location)).toMatchObject({
        snapshotId: snapshots[index]?.snapshotId,
        sequenceNumber: version === 1 ? 0 : index + 1,
        partition: [index % 3],
      });
    }
    const rowIds = tasks.map((task) => task.file.firstRowId);
    expect(new Set(rowIds).size).toBe(version === 3 ? 120 : 1);
    if (version === 3) {
      // Ids given before the merge stay; the merged manifest takes a range for all its rows.
      for (const [index, { location }] of added.slice(0, 99).entries()) {
        expect(byLocation.get(location)?.firstRowId).toBe(BigInt(index * 10));
      }
      expect(rowIds.every((id) => (id as bigint) + 10n <= (table.metadata.nextRowId as bigint))).toBe(true);
    }
    // A manifest list and a manifest for each snapshot; what the merge took up before its commit is not left behind.
    expect(table.storage.files.size).toBe(240);
  });
});

describe('the table properties of merging', () => {
  const appended = async (properties: Record<string, string>, count: number) => {
    const table: Table = { metadata: emptyTable(2, properties), storage: new MemoryStorage() };
    for (let index = 0; index < count; index++) await commit(table, { added: [file(index)] });
    return table;
  };

  test('commit.manifest.min-count-to-merge', async () => {
    expect(await manifestsOf(await appended({ 'commit.manifest.min-count-to-merge': '3' }, 2))).toHaveLength(2);
    expect(await manifestsOf(await appended({ 'commit.manifest.min-count-to-merge': '3' }, 3))).toHaveLength(1);
  });

  test('commit.manifest-merge.enabled', async () => {
    const properties = { 'commit.manifest-merge.enabled': 'false', 'commit.manifest.min-count-to-merge': '2' };
    expect(await manifestsOf(await appended(properties, 5))).toHaveLength(5);
  });

  test('commit.manifest.target-size-bytes: manifests that are full stay as they are', async () => {
    const table = await appended({}, 1);
    const [{ length } = { length: 0 }] = await manifestsOf(table);
    const small = await appended(
      { 'commit.manifest.min-count-to-merge': '2', 'commit.manifest.target-size-bytes': String(length) },
      4,
    );
    expect(await manifestsOf(small)).toHaveLength(4);
  });
});

test('manifests of different partition specs and contents are merged apart', async () => {
  const metadata = emptyTable(2, { 'commit.manifest.min-count-to-merge': '2' });
  const table: Table = { metadata, storage: new MemoryStorage() };
  for (let index = 0; index < 4; index++) {
    const deletes = { ...file(`${index}-deletes`), content: 'position-deletes' as const };
    await commit(table, { added: [file(index), file(`${index}-unpartitioned`, 1)], addedDeletes: [deletes] });
  }
  const manifests = await manifestsOf(table);
  const shown = manifests.map(({ content, specId, addedFilesCount, existingFilesCount }) =>
    [content, specId, (addedFilesCount ?? 0) + (existingFilesCount ?? 0)].join(' '),
  );
  expect(shown.sort()).toEqual(['data 0 4', 'data 1 4', 'deletes 0 4']);
  expect(await filesAt(table)).toHaveLength(8);
});

test('a merge keeps what its own commit removed, and drops what earlier ones did', async () => {
  const metadata = emptyTable(2, { 'commit.manifest.min-count-to-merge': '2' });
  const table: Table = { metadata, storage: new MemoryStorage() };
  for (let index = 0; index < 3; index++) await commit(table, { added: [file(index)] });
  const statuses = async () => {
    const manifests = await manifestsOf(table);
    const entries = await Promise.all(manifests.map((manifest) => loadEntries(table, manifest)));
    return entries
      .flat()
      .map((entry) => `${entry.status} ${entry.file.location.match(/\d+/g)?.at(-1)}`)
      .sort();
  };
  await commit(table, { operation: 'overwrite', added: [file(3)], removed: [file(0).location] });
  expect(await statuses()).toEqual(['added 3', 'deleted 0', 'existing 1', 'existing 2']);
  await commit(table, { added: [file(4)] });
  expect(await statuses()).toEqual(['added 4', 'existing 1', 'existing 2', 'existing 3']);
});

test('what a merge wrote for a commit that is refused can be removed again, and nothing else goes with it', async () => {
  const metadata = emptyTable(2, { 'commit.manifest.min-count-to-merge': '2' });
  const table: Table = { metadata, storage: new MemoryStorage() };
  for (let index = 0; index < 3; index++) await commit(table, { added: [file(index)] });
  const before = [...table.storage.files.keys()];
  const { written } = await prepareSnapshot(table.metadata, { operation: 'append', added: [file(3)] }, table.storage);
  expect(table.storage.files.size).toBeGreaterThan(before.length);
  await table.storage.remove(written);
  expect([...table.storage.files.keys()]).toEqual(before);
  expect(await filesAt(table)).toHaveLength(3);
});

test('a merge that fails leaves nothing behind', async () => {
  const metadata = emptyTable(2, { 'commit.manifest.min-count-to-merge': '2' });
  const table: Table = { metadata, storage: new MemoryStorage() };
  for (let index = 0; index < 2; index++) await commit(table, { added: [file(index)] });
  const [manifest] = await manifestsOf(table);
  table.storage.files.delete(manifest?.location as string);
  const before = [...table.storage.files.keys()];
  await expect(commit(table, { added: [file(2)] })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect([...table.storage.files.keys()]).toEqual(before);
});
