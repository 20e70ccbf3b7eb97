/** fast_forward. */
import { SkuaError } from '../../../errors.js';
import { isAncestor, referenceNamed } from '../../../iceberg/index.js';
import { required } from '../parameter.js';
import { answer, type Procedure } from '../procedure.js';
import { tableToChange } from '../target.js';
import { moveBranch } from './move.js';

/** A branch that is not there yet comes to be. One that went another way than the one that it is to follow: FAILED_PRECONDITION. */
export const fastForward: Procedure = {
  parameters: [required('table', 'string'), required('branch', 'string'), required('to', 'string')],
  schema: answer({ branch_updated: 'string', previous_ref: 'long?', updated_ref: 'long' }),
  async run(context, given) {
    const table = await tableToChange(context, given);
    const [branch, to] = [given.required(given.string, 'branch'), given.required(given.string, 'to')];
    const moved = await moveBranch(
      context,
      table,
      given.statement,
      (metadata) => {
        const target = referenceNamed(metadata, to);
        if (!target) throw new SkuaError('NOT_FOUND', `The table has no branch or tag "${to}"`);
        const from = referenceNamed(metadata, branch);
        if (!from || isAncestor(metadata, from.snapshotId, target.snapshotId)) return target.snapshotId;
        throw new SkuaError(
          'FAILED_PRECONDITION',
          `Branch "${branch}" can't be fast-forwarded: its snapshot is not an ancestor of that of "${to}"`,
        );
      },
      branch,
    );
    return [[branch, moved.previous ?? null, moved.current]];
  },
};
