/** ancestors_of. */
import { ancestorsOf, resolveSnapshot } from '../../../iceberg/index.js';
import { loadTable } from '../../tables/tables.js';
import { optional, required } from '../parameter.js';
import { answer, type Procedure } from '../procedure.js';
import { tableNamed } from '../target.js';

/** The snapshots that a snapshot was made of, itself first. */
export const ancestors: Procedure = {
  parameters: [required('table', 'string'), optional('snapshot_id', 'long')],
  schema: answer({ snapshot_id: 'long', timestamp: 'long' }),
  async run(context, given) {
    const { metadata } = await loadTable(context, tableNamed(context, given));
    const id = given.long('snapshot_id');
    if (id !== undefined) resolveSnapshot(metadata, { snapshotId: id });
    const found = ancestorsOf(metadata, id ?? metadata.currentSnapshotId);
    return found.map(({ snapshotId, timestampMs }) => [snapshotId, BigInt(timestampMs)]);
  },
};
