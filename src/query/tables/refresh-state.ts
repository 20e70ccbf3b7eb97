/**
 * What the rows of a materialized view came from, as the snapshots of its storage table say it (Iceberg view specification, draft of materialized
 * views).
 */
import { isDeepStrictEqual } from 'node:util';
import type { Snapshot } from '../../iceberg/types.js';
import { jsonOrNothing, writeJson } from '../../json.js';
import { type TableName, tableKey } from './names.js';
import type { PinnedTable } from './pinned-table.js';
import type { View } from './views.js';

/** In the summary of a snapshot. */
const REFRESH_STATE = 'refresh-state';
/** The snapshot id of a table that has none. */
const NO_SNAPSHOT = -1n;

/** What the rows were computed from. */
export interface RefreshState {
  viewVersionId: number;
  /** When that began, in milliseconds since the epoch. */
  startedMs: number;
  sources: SourceState[];
}

export type SourceState = { name: TableName; uuid: string } & (
  | { type: 'table'; snapshotId: bigint }
  | { type: 'view'; versionId: number }
);

/** What a view's rows are computed from, when it is bound to these tables and views. */
export function refreshState(
  view: View,
  { tables, views }: { tables: Iterable<PinnedTable>; views: readonly View[] },
  startedMs: number,
): RefreshState {
  const sources = new Map<string, SourceState>();
  for (const { name, metadata, snapshotId = NO_SNAPSHOT } of tables) {
    const uuid = metadata.tableUuid;
    sources.set(`${tableKey(name)} ${snapshotId}`, { type: 'table', name, uuid, snapshotId });
  }
  for (const { name, uuid = '', versionId } of views) {
    sources.set(`view ${tableKey(name)}`, { type: 'view', name, uuid, versionId });
  }
  return { viewVersionId: view.versionId, startedMs, sources: [...sources.values()] };
}

/** Whether a snapshot holds rows that were computed of others. */
export function isRefresh({ summary }: Pick<Snapshot, 'summary'>): boolean {
  return summary[REFRESH_STATE] !== undefined;
}

/** What the rows of a storage table are of; undefined where its snapshot does not say. */
export function refreshStateOf({ metadata, snapshotId }: PinnedTable): RefreshState | undefined {
  const snapshot = metadata.snapshots.find((one) => one.snapshotId === snapshotId);
  const json = jsonOrNothing(snapshot?.summary[REFRESH_STATE]) as RefreshStateJson | undefined;
  const sources = json?.['source-states'];
  if (json === undefined || !Array.isArray(sources)) return undefined;
  return {
    viewVersionId: Number(json['view-version-id']),
    startedMs: Number(json['refresh-start-timestamp-ms']),
    sources: sources.map(sourceOf),
  };
}

/** Whether rows of the one state are rows of the other: all that they came from is the same. */
export function isSameState(one: RefreshState, other: RefreshState): boolean {
  return one.viewVersionId === other.viewVersionId && isDeepStrictEqual(keysOf(one), keysOf(other));
}

/** For a snapshot's summary. */
export function refreshSummary(
  { viewVersionId, startedMs, sources }: RefreshState,
  view: View,
): Record<string, string> {
  const states = sources.map((source) => ({
    type: source.type,
    name: source.name.name,
    namespace: source.name.namespace,
    ...(source.name.catalog !== view.name.catalog && { catalog: source.name.catalog }),
    uuid: source.uuid,
    ...(source.type === 'table' ? { 'snapshot-id': source.snapshotId } : { 'version-id': source.versionId }),
  }));
  const state = {
    'view-version-id': viewVersionId,
    'source-states': states,
    'refresh-start-timestamp-ms': startedMs,
  };
  return { [REFRESH_STATE]: writeJson(state) };
}

interface RefreshStateJson {
  'view-version-id'?: number;
  'refresh-start-timestamp-ms'?: number;
  'source-states'?: unknown[];
}

interface SourceStateJson {
  type?: string;
  name?: string;
  namespace?: string[];
  catalog?: string;
  uuid?: string;
  'snapshot-id'?: number | bigint;
  'version-id'?: number;
}

function sourceOf(value: unknown): SourceState {
  const json = (value ?? {}) as SourceStateJson;
  const name = { catalog: json.catalog ?? '', namespace: json.namespace ?? [], name: json.name ?? '' };
  const uuid = json.uuid ?? '';
  if (json.type === 'view') return { type: 'view', name, uuid, versionId: Number(json['version-id']) };
  return { type: 'table', name, uuid, snapshotId: BigInt(json['snapshot-id'] ?? NO_SNAPSHOT) };
}

/** By what identifies the sources, whatever they are called now. */
function keysOf({ sources }: RefreshState): string[] {
  return sources
    .map((source) => `${source.type} ${source.uuid} ${source.type === 'table' ? source.snapshotId : source.versionId}`)
    .sort();
}
