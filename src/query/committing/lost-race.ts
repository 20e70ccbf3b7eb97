import type { CommitRefused } from '../../catalog/index.js';
import { SkuaError } from '../../errors.js';
import { displayName } from '../tables/names.js';
import type { PinnedTable } from '../tables/tables.js';

/** ABORTED, with the table, the snapshot that was faster, and what can be done. */
export function lostRace(states: readonly PinnedTable[], refusal: CommitRefused, attempts: number): SkuaError {
  const { rival } = refusal;
  const names = states.map(({ name }) => displayName(name)).join(', ');
  const by = rival === undefined ? 'other commits were faster' : `snapshot ${rival} of another writer was faster`;
  return new SkuaError(
    'ABORTED',
    `The commit to ${names} lost the race ${attempts} ${attempts === 1 ? 'time' : 'times'}: ${by}. Nothing of it took effect; run it again, or let the table property commit.retry.num-retries allow more attempts. The catalog said: ${refusal.message}`,
    { cause: refusal },
  );
}

/** ABORTED, where a change doesn't fit what became of its table meanwhile. `what` has become another. */
export function changedMeanwhile(before: PinnedTable, now: PinnedTable, what: string): SkuaError {
  const id = now.metadata.currentSnapshotId;
  const rival = id === undefined || id === before.metadata.currentSnapshotId ? '' : ` (its snapshot is now ${id})`;
  return new SkuaError(
    'ABORTED',
    `Table ${displayName(now.name)} was changed by somebody else meanwhile: ${what}${rival}. Nothing took effect; run it again`,
  );
}
