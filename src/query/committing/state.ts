import type { TableMetadata } from '../../iceberg/types.js';
import { withState } from '../tables/branch-state.js';
import type { PinnedTable } from '../tables/tables.js';

/** Whether nothing was committed between two states of a table: every commit changes one of these. */
export function isSameState(one: TableMetadata, other: TableMetadata): boolean {
  return signsOf(one) === signsOf(other);
}

function signsOf(metadata: TableMetadata): string {
  const { lastUpdatedMs, lastSequenceNumber, currentSchemaId, defaultSpecId, refs } = metadata;
  const heads = Object.entries(refs).map(([name, { snapshotId }]) => `${name} ${snapshotId}`);
  return [lastUpdatedMs, lastSequenceNumber, currentSchemaId, defaultSpecId, ...heads.sort()].join();
}

/** The table with other metadata. */
export function withMetadata(state: PinnedTable, metadata: TableMetadata): PinnedTable {
  return withState(state, metadata);
}
