import type { TableCommit, TableUpdate } from '../iceberg/contract.js';

/** What a commit to a view consists of (Iceberg REST specification, `ViewRequirement` and `ViewUpdate`). */
export interface ViewCommit {
  requirements: { type: 'assert-view-uuid'; uuid: string }[];
  updates: ViewUpdate[];
}

export type ViewUpdate =
  | { action: 'add-schema'; schema: Record<string, unknown>; 'last-column-id'?: number }
  | { action: 'add-view-version'; 'view-version': Record<string, unknown> }
  | { action: 'set-current-view-version'; 'view-version-id': number }
  | { action: 'set-location'; location: string }
  | { action: 'set-properties'; updates: Record<string, string> }
  | { action: 'remove-properties'; removals: string[] };

/** The snapshots that a commit adds: what proves that it took effect. */
export function addedSnapshots({
  updates,
}: TableCommit): Extract<TableUpdate, { action: 'add-snapshot' }>['snapshot'][] {
  return updates.flatMap((update) => (update.action === 'add-snapshot' ? [update.snapshot] : []));
}
