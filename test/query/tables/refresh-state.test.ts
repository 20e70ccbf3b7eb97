import { describe, expect, it } from 'vitest';
import type { PinnedTable } from '../../../src/query/tables/pinned-table.js';
import {
  isSameState,
  type RefreshState,
  refreshStateOf,
  refreshSummary,
} from '../../../src/query/tables/refresh-state.js';
import { storageTableOf } from '../../../src/query/tables/storage-table.js';
import type { View } from '../../../src/query/tables/views.js';

const view = { name: { catalog: 'c', namespace: ['s'], name: 'v' }, versionId: 2 } as unknown as View;
const table = { catalog: 'c', namespace: ['s', 'x'], name: 't' };

const state: RefreshState = {
  viewVersionId: 2,
  startedMs: 1573518435000,
  sources: [
    { type: 'table', name: table, uuid: 'u1', snapshotId: 6148331192489823102n },
    { type: 'view', name: { ...table, catalog: 'other', name: 'w' }, uuid: 'u2', versionId: 3 },
  ],
};

const storage = (summary: Record<string, string>) =>
  ({ snapshotId: 1n, metadata: { snapshots: [{ snapshotId: 1n, summary }] } }) as unknown as PinnedTable;

describe('the refresh state in a snapshot', () => {
  it('is written as the draft of the specification has it, with ids of 64 bits exact', () => {
    expect(refreshSummary(state, view)['refresh-state']).toBe(
      '{"view-version-id":2,"source-states":[{"type":"table","name":"t","namespace":["s","x"],"uuid":"u1","snapshot-id":6148331192489823102},' +
        '{"type":"view","name":"w","namespace":["s","x"],"catalog":"other","uuid":"u2","version-id":3}],"refresh-start-timestamp-ms":1573518435000}',
    );
  });

  it('is the same when it is read again', () => {
    const read = refreshStateOf(storage(refreshSummary(state, view)));
    expect(read && isSameState(read, state)).toBe(true);
  });

  it.each([
    ['none', {}],
    ['no JSON', { 'refresh-state': '{' }],
    ['something else', { 'refresh-state': '[]' }],
  ])('is unknown where there is %s', (_, summary) => {
    expect(refreshStateOf(storage(summary as Record<string, string>))).toBeUndefined();
  });

  it('is another one where a snapshot, a view in between or the view itself is another one', () => {
    const [source, between] = state.sources;
    for (const other of [
      { ...state, viewVersionId: 3 },
      { ...state, sources: [{ ...source, snapshotId: 6148331192489823103n }, between] },
      { ...state, sources: [source, { ...between, versionId: 4 }] },
      { ...state, sources: [source] },
      { ...state, sources: [{ ...source, uuid: 'u3' }, between] },
    ]) {
      expect(isSameState(state, other as RefreshState)).toBe(false);
    }
    const renamed = state.sources.map((one) => ({ ...one, name: table })).reverse();
    expect(isSameState(state, { ...state, startedMs: 0, sources: renamed })).toBe(true);
  });
});

describe('the storage table of a view', () => {
  const metadata = (version: object, properties?: object) => ({
    'current-version-id': 2,
    versions: [
      { 'version-id': 1, 'storage-table': { namespace: ['s'], name: 'old' } },
      { 'version-id': 2, ...version },
    ],
    properties,
  });

  it('is that of its current version, or else of its property', () => {
    const identifier = { namespace: ['s'], name: 'kept' };
    const property = { 'storage-table': '{"namespace":["s"],"name":"by-property"}' };
    expect(storageTableOf(view.name, metadata({ 'storage-table': identifier }, property))).toEqual({
      catalog: 'c',
      ...identifier,
    });
    expect(storageTableOf(view.name, metadata({}, property))?.name).toBe('by-property');
  });

  it.each([
    metadata({}),
    metadata({}, { 'storage-table': 'kept' }),
    metadata({ 'storage-table': null }),
    {},
    undefined,
  ])('is none in %j', (json) => expect(storageTableOf(view.name, json)).toBeUndefined());
});
