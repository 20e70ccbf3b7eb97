/** Table metadata that contradicts itself is refused, naming what does. */
import { expect, it } from 'vitest';
import { loadManifests } from '../../src/iceberg/manifest/load.js';
import { parseTableMetadata } from '../../src/iceberg/metadata.js';
import type { Snapshot } from '../../src/iceberg/types.js';
import { MemoryStorage } from './stores.js';

type Json = Record<string, unknown>;

const column = (id: number, name: string, type: unknown = 'long') => ({ id, name, required: false, type });
const snapshot = (id: number) => ({
  'snapshot-id': id,
  'sequence-number': id,
  'timestamp-ms': 1,
  'manifest-list': 'list.avro',
  summary: { operation: 'append' },
});
const sound: Json = {
  'format-version': 2,
  'table-uuid': '11111111-2222-4333-8444-555555555555',
  location: 'file:///table',
  'last-sequence-number': 2,
  'last-updated-ms': 1,
  'last-column-id': 2,
  schemas: [{ type: 'struct', 'schema-id': 0, fields: [column(1, 'id'), column(2, 's')] }],
  'current-schema-id': 0,
  'partition-specs': [{ 'spec-id': 0, fields: [] }],
  'default-spec-id': 0,
  'last-partition-id': 999,
  snapshots: [snapshot(1), snapshot(2)],
  'current-snapshot-id': 2,
  refs: { main: { 'snapshot-id': 2, type: 'branch' }, gone: { 'snapshot-id': 7, type: 'tag' } },
};
const withColumns = (...fields: unknown[]) => ({ schemas: [{ type: 'struct', 'schema-id': 0, fields }] });
const partition = (id: number, name: string) => ({
  'source-id': 1,
  'field-id': id,
  name,
  transform: 'identity',
});
const withSpec = (...fields: unknown[]) => ({
  'partition-specs': [
    { 'spec-id': 0, fields: [] },
    { 'spec-id': 1, fields },
  ],
});

it('sound metadata is taken, and a tag of a snapshot that is gone does no harm to those that ask for another', () => {
  expect(parseTableMetadata(sound).currentSnapshotId).toBe(2n);
});

it.each<[string, Json, RegExp]>([
  [
    'a current snapshot that is not there',
    { snapshots: [snapshot(1)] },
    /current-snapshot-id is not the id of a snapshot/,
  ],
  [
    'a main branch elsewhere',
    { 'current-snapshot-id': 1 },
    /current-snapshot-id is not what the branch main points to/,
  ],
  ['a main branch without a current snapshot', { 'current-snapshot-id': -1 }, /points to: none, not 2/],
  [
    'a snapshot behind the last sequence number',
    { 'last-sequence-number': 1 },
    /last-sequence-number is not the highest/,
  ],
  ['two snapshots of one id', { snapshots: [snapshot(2), snapshot(2)] }, /snapshot-id 2 is there twice/],
  ['two schemas of one id', { schemas: [0, 0].map(() => (sound.schemas as Json[])[0]) }, /schema-id 0 is there twice/],
  ['a current schema that is not there', { 'current-schema-id': 4 }, /current-schema-id/],
  ['two columns of one id', withColumns(column(1, 'id'), column(1, 's')), /id 1 of "s" is another field's/],
  [
    'one id inside and outside of a list',
    withColumns(
      column(1, 'id'),
      column(2, 's', { type: 'list', 'element-id': 1, element: 'int', 'element-required': false }),
    ),
    /id 1 of "element"/,
  ],
  ['a negative field id', withColumns(column(-1, 'id')), /"id" has the id -1/],
  [
    'two partition fields of one name',
    withSpec(partition(1000, 'p'), partition(1001, 'p')),
    /field name p is there twice/,
  ],
  [
    'two partition fields of one id',
    withSpec(partition(1000, 'p'), partition(1000, 'q')),
    /field-id 1000 is there twice/,
  ],
  [
    'two partition specs of one id',
    { 'partition-specs': [0, 0].map((id) => ({ 'spec-id': id, fields: [] })) },
    /spec-id 0 is there twice/,
  ],
])('%s: DATA_LOSS', (_, changed, message) => {
  expect(() => parseTableMetadata({ ...sound, ...changed })).toThrow(
    expect.objectContaining({ code: 'DATA_LOSS', message: expect.stringMatching(message) }),
  );
});

it('a snapshot that names neither a manifest list nor manifests is not an empty one', async () => {
  const metadata = parseTableMetadata(sound);
  const { manifestList: _, ...bare } = metadata.snapshots[0] as Snapshot;
  await expect(loadManifests({ metadata, storage: new MemoryStorage() }, bare)).rejects.toMatchObject({
    code: 'DATA_LOSS',
    message: expect.stringMatching(/neither a manifest list nor manifests/),
  });
});
