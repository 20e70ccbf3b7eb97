/** rollback_to_snapshot, rollback_to_timestamp and set_current_snapshot. */
import { SkuaError } from '../../../errors.js';
import { ancestorsOf, isAncestor, referenceNamed, resolveSnapshot } from '../../../iceberg/index.js';
import type { TableMetadata } from '../../../iceberg/types.js';
import type { StatementContext } from '../../environment.js';
import type { Arguments } from '../arguments.js';
import { optional, required } from '../parameter.js';
import { answer, type Procedure } from '../procedure.js';
import { tableToChange } from '../target.js';
import { moveBranch } from './move.js';

/** What moves the main branch to a snapshot that `choose` names. */
function movingMain(
  parameters: Procedure['parameters'],
  schema: Procedure['schema'],
  choose: (metadata: TableMetadata, given: Arguments) => bigint,
): Procedure {
  return {
    parameters,
    schema,
    async run(context: StatementContext, given: Arguments) {
      const table = await tableToChange(context, given);
      const moved = await moveBranch(context, table, given.statement, (metadata) => choose(metadata, given));
      return [[moved.previous ?? null, moved.current]];
    },
  };
}

export const rollbackToSnapshot = movingMain(
  [required('table', 'string'), required('snapshot_id', 'long')],
  answer({ previous_snapshot_id: 'long', current_snapshot_id: 'long' }),
  (metadata, given) => {
    const id = given.required(given.long, 'snapshot_id');
    resolveSnapshot(metadata, { snapshotId: id });
    if (isAncestor(metadata, id, metadata.currentSnapshotId)) return id;
    throw new SkuaError(
      'FAILED_PRECONDITION',
      `Snapshot ${id} is not an ancestor of the current snapshot; set_current_snapshot goes to any snapshot`,
    );
  },
);

export const rollbackToTimestamp = movingMain(
  [required('table', 'string'), required('timestamp', 'timestamp')],
  answer({ previous_snapshot_id: 'long', current_snapshot_id: 'long' }),
  (metadata, given) => {
    const time = given.required(given.timestamp, 'timestamp');
    const older = ancestorsOf(metadata, metadata.currentSnapshotId).find(({ timestampMs }) => timestampMs < time);
    if (older) return older.snapshotId;
    throw new SkuaError(
      'NOT_FOUND',
      `No ancestor of the current snapshot is older than ${new Date(time).toISOString()}`,
    );
  },
);

export const setCurrentSnapshot = movingMain(
  [required('table', 'string'), optional('snapshot_id', 'long'), optional('ref', 'string')],
  answer({ previous_snapshot_id: 'long?', current_snapshot_id: 'long' }),
  (metadata, given) => {
    const [id, name] = [given.long('snapshot_id'), given.string('ref')];
    if ((id === undefined) === (name === undefined)) {
      throw new SkuaError('INVALID_ARGUMENT', `${given.statement} takes either snapshot_id or ref`);
    }
    if (id !== undefined) return resolveSnapshot(metadata, { snapshotId: id }).snapshotId;
    const reference = referenceNamed(metadata, name as string);
    if (!reference) throw new SkuaError('NOT_FOUND', `The table has no branch or tag "${name}"`);
    return reference.snapshotId;
  },
);
