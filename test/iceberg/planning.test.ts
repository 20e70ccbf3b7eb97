import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Filter } from '../../src/expressions/index.js';
import { parseTableMetadata, planScan } from '../../src/iceberg/index.js';
import { describeManifest, encodeManifest, encodeManifestList } from '../../src/iceberg/manifest/writer.js';
import { DecodePool } from '../../src/iceberg/plan/decode-pool.js';
import { always, never } from '../../src/iceberg/plan/predicate.js';
import { type Selection, selectFiles } from '../../src/iceberg/plan/select-files.js';
import type { DataFile, ManifestEntry, ManifestFile } from '../../src/iceberg/types.js';
import { Rendezvous } from '../../src/rendezvous.js';
import { MemoryStorage } from './stores.js';

const location = 'memory:/table';
const firstDay = 18_262; // 2020-01-01
const metadata = parseTableMetadata({
  'format-version': 2,
  'table-uuid': '9c12d441-03fe-4693-9a96-a0705ddf69c1',
  location,
  'last-sequence-number': 1,
  'last-updated-ms': 0,
  'last-column-id': 1,
  schemas: [{ type: 'struct', 'schema-id': 0, fields: [{ id: 1, name: 'time', required: false, type: 'timestamp' }] }],
  'current-schema-id': 0,
  'partition-specs': [
    { 'spec-id': 0, fields: [{ 'source-id': 1, 'field-id': 1000, name: 'time_day', transform: 'day' }] },
  ],
  'default-spec-id': 0,
  'last-partition-id': 1000,
  'current-snapshot-id': 7n,
  snapshots: [
    { 'snapshot-id': 7n, 'sequence-number': 1, 'timestamp-ms': 0, 'manifest-list': `${location}/list`, summary: {} },
  ],
});
const layout = {
  formatVersion: 2 as const,
  content: 'data' as const,
  schema: metadata.schemas[0] as (typeof metadata.schemas)[0],
  spec: metadata.partitionSpecs[0] as (typeof metadata.partitionSpecs)[0],
  partitionTypes: [{ kind: 'primitive' as const, type: 'date' as const }],
};

function dataFile(day: number, name: string): DataFile {
  return {
    content: 'data',
    location: `${location}/${name}`,
    format: 'parquet',
    specId: 0,
    partition: [day],
    recordCount: 10,
    fileSize: 1000,
    snapshotId: 7n,
  };
}

const storage = new MemoryStorage();
const manifests: ManifestFile[] = [];

beforeAll(() => {
  for (let index = 0; index < 5; index++) {
    // Names run against the order of the manifests.
    const entries: ManifestEntry[] = ['b', 'a'].map((letter) => ({
      status: 'added',
      file: dataFile(firstDay + index, `${9 - index}${letter}`),
    }));
    const bytes = encodeManifest(layout, entries);
    const written = {
      location: `${location}/manifest-${index}`,
      length: bytes.length,
      snapshotId: 7n,
      sequenceNumber: 1,
    };
    storage.files.set(written.location, bytes);
    manifests.push(describeManifest(layout, entries, written));
  }
  const header = {
    formatVersion: 2 as const,
    snapshotId: 7n,
    parentSnapshotId: undefined,
    sequenceNumber: 1,
    firstRowId: undefined,
  };
  storage.files.set(`${location}/list`, encodeManifestList(header, manifests));
});

const at = (text: string) => ({ text, type: 'timestamp' as const });

describe('a filter on a partition of days', () => {
  const reads = async (filter: Filter) => (await planScan({ metadata, filter, storage })).statistics.manifestsRead;

  test('from midnight to before the next midnight reads the manifest of that day alone', async () => {
    const operands: Filter[] = [
      { op: 'ge', column: 'time', value: at('2020-01-03 00:00:00') },
      { op: 'lt', column: 'time', value: at('2020-01-04 00:00:00') },
    ];
    expect(await reads({ op: 'and', operands })).toBe(1);
  });

  test('after the last instant of a day does not read that day, up to a midnight reads its day too', async () => {
    expect(await reads({ op: 'gt', column: 'time', value: at('2020-01-04 23:59:59.999999') })).toBe(1);
    expect(await reads({ op: 'le', column: 'time', value: at('2020-01-02 00:00:00') })).toBe(2);
  });
});

test('a plan has its files in the order of the manifest list, whatever their names', async () => {
  const { tasks } = await planScan({ metadata, storage });
  const names = tasks.map(({ file }) => file.location.slice(location.length + 1));
  expect(names).toEqual(['9b', '9a', '8b', '8a', '7b', '7a', '6b', '6a', '5b', '5a']);
});

test('a share has the files of one of the servers, and all shares together each file once', async () => {
  const servers = ['grpc://one:1', 'grpc://two:1'];
  const plans = await Promise.all(
    servers.map((_, index) => planScan({ metadata, storage, share: { servers, index } })),
  );
  const shares = plans.map(({ tasks }) => tasks.map(({ file }) => file.location));
  const owner = new Rendezvous(servers);
  expect(shares.map((share) => share.every((each) => owner.ownerOf(each) === shares.indexOf(share)))).toEqual([
    true,
    true,
  ]);
  const all = (await planScan({ metadata, storage })).tasks.map(({ file }) => file.location);
  expect(shares.flat().sort()).toEqual(all.sort());
  for (const [index, { statistics }] of plans.entries()) {
    expect(statistics).toMatchObject({ filesTotal: 10, filesPlanned: shares[index]?.length });
    expect(statistics.prunedBy).toEqual([{ reason: 'other servers', files: 10 - (shares[index]?.length ?? 0) }]);
  }
});

describe('decoding in threads', () => {
  const script = new URL('../../dist/iceberg/plan/decode-worker.js', import.meta.url);
  const selection: Selection = {
    partitionFields: layout.spec.fields,
    partitionPredicate: always,
    predicate: always,
    keyPartitionPredicate: always,
    keyPredicate: always,
    statistics: new Set(),
    keptStatistics: new Set(),
    addedOnly: false,
  };
  let pool: DecodePool;

  beforeAll(() => {
    if (!existsSync(script)) throw new Error('Compile first: npm run setup');
    pool = new DecodePool(script, 2);
  });
  afterAll(() => pool.close());

  const bytesOf = (manifest: ManifestFile) => storage.files.get(manifest.location) as Uint8Array;

  test('gives what decoding in the main thread gives', async () => {
    for (const predicate of [always, never]) {
      const asked = { ...selection, partitionPredicate: predicate };
      const decoded = await Promise.all(manifests.map((manifest) => pool.decode(bytesOf(manifest), manifest, asked)));
      const expected = manifests.map((manifest) => [...steps(selectFiles(bytesOf(manifest), manifest, asked))].at(-1));
      expect(decoded).toEqual(expected);
    }
  });

  test('fails as decoding in the main thread does, and goes on with the next manifest', async () => {
    const [first, second] = manifests as [ManifestFile, ManifestFile];
    const broken = pool.decode(bytesOf(first).slice(0, -20), first, selection);
    await expect(broken).rejects.toMatchObject({ name: 'SkuaError', code: 'DATA_LOSS' });
    expect((await pool.decode(bytesOf(second), second, selection)).filesTotal).toBe(2);
  });

  test('fails what is under way when the threads end', async () => {
    const other = new DecodePool(script, 1);
    const [first] = manifests as [ManifestFile];
    const pending = other.decode(bytesOf(first), first, selection);
    other.close();
    await expect(pending).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});

function* steps<T, R>(generator: Generator<T, R>): Generator<T | R> {
  for (;;) {
    const step = generator.next();
    yield step.value;
    if (step.done) return;
  }
}
