import { schemaOf } from '../../iceberg/index.js';
import type { TableMetadata } from '../../iceberg/types.js';
import type { PinnedTable } from '../tables/tables.js';

/** Whether nothing was committed between two states of a table: every commit changes one of these. */
export function isSameState(one: TableMetadata, other: TableMetadata): boolean {
  return signsOf(one) === signsOf(other);
}

function signsOf(metadata: TableMetadata): string {
  const { lastUpdatedMs, lastSequenceNumber, currentSnapshotId, currentSchemaId, defaultSpecId } = metadata;
  return [lastUpdatedMs, lastSequenceNumber, currentSnapshotId, currentSchemaId, defaultSpecId].join();
}

/** The table with other metadata. */
export function withMetadata(state: PinnedTable, metadata: TableMetadata): PinnedTable {
  return { ...state, metadata, snapshotId: metadata.currentSnapshotId, schema: schemaOf(metadata) };
}
