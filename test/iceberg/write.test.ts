import { describe, expect, test } from 'vitest';
import type { SnapshotChange } from '../../src/iceberg/contract.js';
import {
  applySnapshot,
  createMetadataCache,
  type DataFile,
  dataFileFromWritten,
  metadataTable,
  newDataLocation,
  parseTableMetadata,
  planScan,
  prepareSnapshot,
  type TableMetadata,
} from '../../src/iceberg/index.js';
import { truncateUpper } from '../../src/iceberg/write/truncate-bounds.js';
import type { WrittenFile } from '../../src/parquet/index.js';
import { MemoryStorage } from './stores.js';

function emptyTable(formatVersion: 1 | 2 | 3, properties: Record<string, string> = {}): TableMetadata {
  const field = (id: number, name: string, type: unknown) => ({ id, name, required: false, type });
  return parseTableMetadata({
    'format-version': formatVersion,
    'table-uuid': 'u',
    location: 's3://b/t',
    'last-updated-ms': 1,
    'last-column-id': 4,
    schemas: [
      {
        type: 'struct',
        'schema-id': 0,
        fields: [
          field(1, 'id', 'long'),
          field(2, 'kind', 'string'),
          field(3, 'price', 'decimal(9, 2)'),
          field(4, 'at', 'timestamptz'),
        ],
      },
    ],
    'partition-specs': [
      {
        'spec-id': 0,
        fields: [
          { 'source-id': 2, 'field-id': 1000, name: 'kind', transform: 'identity' },
          { 'source-id': 3, 'field-id': 1001, name: 'the price', transform: 'truncate[100]' },
          { 'source-id': 4, 'field-id': 1002, name: 'at_day', transform: 'day' },
        ],
      },
    ],
    properties,
  });
}

function written(kind: string | null, ids: [number, number]): WrittenFile {
  const column = (path: string[], min?: string, max?: string) => ({
    path,
    valueCount: 2,
    nullCount: 0,
    columnSize: 10,
    min,
    max,
  });
  return {
    path: '/local',
    rowCount: 2,
    fileSize: 100,
    footerSize: 10,
    rowGroupOffsets: [4],
    partition: [kind, '-2.00', '-1'],
    columns: [
      column(['id'], String(ids[0]), String(ids[1])),
      column(['kind'], kind ?? undefined, kind ?? undefined),
      column(['price'], '-1.50', '-1.50'),
      column(['at'], '1969-12-31 23:00:00+00', '1969-12-31 23:00:00+00'),
    ],
  };
}

const dataFile = (metadata: TableMetadata, kind: string | null, ids: [number, number]): DataFile => {
  const file = written(kind, ids);
  return dataFileFromWritten(file, newDataLocation(metadata, file.partition), metadata);
};

describe.each([1, 2, 3] as const)('snapshots of a version %i table', (version) => {
  test('append, append, remove: what was written is what is read', async () => {
    const storage = new MemoryStorage();
    let metadata = emptyTable(version);
    const first = [dataFile(metadata, 'a', [1, 2]), dataFile(metadata, 'é/=', [3, 4])];
    const second = [dataFile(metadata, null, [5, 6])];
    const one = await prepareSnapshot(metadata, { operation: 'append', added: first }, storage);
    expect(one.requirements).toContainEqual({ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': null });
    expect(one.updates.map(({ action }) => action)).toEqual(['add-snapshot', 'set-snapshot-ref']);
    metadata = applySnapshot(metadata, one);
    const two = await prepareSnapshot(metadata, { operation: 'append', added: second }, storage);
    expect(two.requirements).toContainEqual({
      type: 'assert-ref-snapshot-id',
      ref: 'main',
      'snapshot-id': one.snapshotId,
    });
    metadata = applySnapshot(metadata, two);
    const plan = await planScan({ metadata, storage, statistics: [1, 2, 3, 4] });
    const found = new Map(plan.tasks.map(({ file }) => [file.location, file]));
    for (const [sequence, file] of [...first.map((f) => [1, f] as const), [2, second[0] as DataFile] as const]) {
      const { splitOffsets, columnSizes, valueCounts, nullCounts, partition, recordCount } = file;
      expect(found.get(file.location)).toMatchObject({
        splitOffsets,
        columnSizes,
        valueCounts,
        nullCounts,
        recordCount,
      });
      expect(found.get(file.location)?.partition).toEqual(partition);
      expect(found.get(file.location)?.sequenceNumber).toBe(version === 1 ? 0 : sequence);
    }
    const three = await prepareSnapshot(
      metadata,
      { operation: 'delete', added: [], removed: [(first[0] as DataFile).location] },
      storage,
    );
    metadata = applySnapshot(metadata, three);
    const after = await planScan({ metadata, storage });
    expect(after.tasks.map(({ file }) => file.location).sort()).toEqual(
      [(first[1] as DataFile).location, (second[0] as DataFile).location].sort(),
    );
    expect(three.snapshot.summary).toMatchObject({
      'deleted-data-files': '1',
      'deleted-records': '2',
      'total-data-files': '2',
      'total-records': '4',
      'total-files-size': '200',
    });
    const { rows } = await metadataTable('entries', metadata, { storage });
    expect(rows.map(([status]) => status).sort()).toEqual([0, 1, 2]);
    if (version === 3) {
      expect(after.tasks.map(({ file }) => file.firstRowId).sort()).toEqual([2n, 4n]);
      expect(metadata.nextRowId).toBe((three.snapshot.firstRowId as bigint) + (three.snapshot.addedRows as bigint));
    }
  });

  test('a filter on a partition reads one manifest', async () => {
    const storage = new MemoryStorage();
    let metadata = emptyTable(version);
    for (const kind of ['a', 'b', 'c', null]) {
      const added = [dataFile(metadata, kind, [1, 2])];
      metadata = applySnapshot(metadata, await prepareSnapshot(metadata, { operation: 'append', added }, storage));
    }
    const filter = { op: 'eq', column: 'kind', value: { type: 'string', text: 'b' } } as const;
    const { statistics } = await planScan({ metadata, storage, filter });
    expect(statistics).toMatchObject({ manifestsTotal: 4, manifestsRead: 1, filesTotal: 4, filesPlanned: 1 });
    expect(statistics.prunedBy).toEqual([{ reason: 'manifest', files: 3 }]);
  });
});

describe('preparing a snapshot', () => {
  test('nothing stays in the store when it fails', async () => {
    const storage = new MemoryStorage();
    const metadata = emptyTable(2);
    const change = {
      operation: 'overwrite',
      added: [dataFile(metadata, 'a', [1, 2])],
      removed: ['s3://b/gone'],
    } as const;
    await expect(
      prepareSnapshot(metadata, { ...change, added: [...change.added], removed: [...change.removed] }, storage),
    ).rejects.toMatchObject({ code: 'ABORTED' });
    expect(storage.files.size).toBe(0);
  });

  test('delete files need version 2', async () => {
    const metadata = emptyTable(1);
    const addedDeletes = [{ ...dataFile(metadata, 'a', [1, 2]), content: 'position-deletes' as const }];
    await expect(
      prepareSnapshot(metadata, { operation: 'delete', added: [], addedDeletes }, new MemoryStorage()),
    ).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });

  test('immutable metadata is read from the store once', async () => {
    const storage = new MemoryStorage();
    let metadata = emptyTable(2);
    const added = [dataFile(metadata, 'a', [1, 2])];
    metadata = applySnapshot(metadata, await prepareSnapshot(metadata, { operation: 'append', added }, storage));
    const cache = createMetadataCache(1_000_000);
    await planScan({ metadata, storage, cache });
    const reads = storage.reads;
    await planScan({ metadata, storage, cache });
    expect(storage.reads).toBe(reads);
  });
});

describe('statistics of written files', () => {
  test('bounds in binary form, strings cut to 16 characters', () => {
    const metadata = emptyTable(2);
    const file = dataFile(metadata, 'a kind with a long name', [1, 300]);
    expect(Buffer.from(file.lowerBounds?.get(1) as Uint8Array).readBigInt64LE()).toBe(1n);
    expect(Buffer.from(file.lowerBounds?.get(2) as Uint8Array).toString()).toBe('a kind with a lo');
    expect(Buffer.from(file.upperBounds?.get(2) as Uint8Array).toString()).toBe('a kind with a lp');
    expect(file.partition).toEqual(['a kind with a long name', -200n, -1]);
  });

  test('the metrics mode of the table and of a column', () => {
    const file = dataFile(
      emptyTable(2, { 'write.metadata.metrics.default': 'counts', 'write.metadata.metrics.column.id': 'full' }),
      'a',
      [1, 2],
    );
    expect([...(file.lowerBounds as Map<number, unknown>).keys()]).toEqual([1]);
    expect(file.valueCounts?.size).toBe(4);
  });

  test('an upper bound that can not be shortened is left out', () => {
    expect(truncateUpper('abc', 2)).toBe('ac');
    expect(truncateUpper('a\u{10ffff}c', 2)).toBe('b');
    expect(truncateUpper('\u{d7ff}c', 1)).toBe('\u{e000}');
    expect(truncateUpper('\u{10ffff}c', 1)).toBeUndefined();
  });

  test('locations stay short, however long a partition value is, and different for different values', () => {
    const folder = (kind: string) => newDataLocation(emptyTable(2), [kind, '1.00', '1']).split('/').at(-4) as string;
    const long = folder('表'.repeat(1000));
    expect(long).toMatch(/^kind=%E8%A1%A8%E8.*-[0-9a-f]{32}$/);
    expect(long).toHaveLength(128);
    expect(folder(`${'表'.repeat(1000)}!`)).not.toBe(long);
  });

  test('locations name their partition', () => {
    const location = newDataLocation(emptyTable(2, { 'write.data.path': 's3://b/elsewhere/' }), ['é/=', '-2.00', '-1']);
    expect(location).toMatch(
      /^s3:\/\/b\/elsewhere\/kind=%C3%A9%2F%3D\/the\+price=-2\.00\/at_day=1969-12-31\/[0-9a-f-]{36}\.parquet$/,
    );
  });
});

test('after an upgrade to version 3, every row has an id of its own, also beside deleted entries', async () => {
  const storage = new MemoryStorage();
  let metadata = emptyTable(2);
  const files = [dataFile(metadata, 'a', [1, 2]), dataFile(metadata, 'b', [3, 4]), dataFile(metadata, 'c', [5, 6])];
  const removed = [(files[0] as DataFile).location];
  const changes: SnapshotChange[] = [
    { operation: 'append', added: files },
    { operation: 'delete', added: [], removed },
  ];
  for (const change of changes) {
    metadata = applySnapshot(metadata, await prepareSnapshot(metadata, change, storage));
  }
  metadata = { ...metadata, formatVersion: 3, nextRowId: 0n };
  const added = [dataFile(metadata, 'd', [7, 8])];
  metadata = applySnapshot(metadata, await prepareSnapshot(metadata, { operation: 'append', added }, storage));
  const { tasks } = await planScan({ metadata, storage });
  expect(tasks.map(({ file }) => file.firstRowId).sort()).toEqual([0n, 2n, 4n]);
  expect(metadata.nextRowId).toBe(6n);
});
