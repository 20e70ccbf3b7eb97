/** rewrite_manifests. */
import { SkuaError } from '../../../errors.js';
import { applySnapshot, prepareManifests } from '../../../iceberg/index.js';
import { changeTable } from '../../committing/commit.js';
import { displayName } from '../../tables/names.js';
import { refuseMaintenance } from '../../tables/restricted.js';
import { optional, required } from '../parameter.js';
import { answer, type Procedure } from '../procedure.js';
import { tableToChange } from '../target.js';

export const rewriteManifests: Procedure = {
  parameters: [
    required('table', 'string'),
    optional('use_caching', 'boolean'),
    optional('spec_id', 'int'),
    optional('sort_by', 'strings'),
  ],
  schema: answer({ rewritten_manifests_count: 'int', added_manifests_count: 'int' }),
  async run(context, given) {
    const table = await tableToChange(context, given);
    const sortBy = given.strings('sort_by');
    if (sortBy?.length === 0) throw new SkuaError('INVALID_ARGUMENT', 'The argument sort_by names no partition field');
    let counts = [0, 0];
    await changeTable(context, table, async () => async (_, state) => {
      refuseMaintenance(state, given.statement);
      const { metadata, storage } = state;
      const specId = given.int('spec_id') ?? metadata.defaultSpecId;
      if (!metadata.partitionSpecs.some((spec) => spec.specId === specId)) {
        throw new SkuaError('INVALID_ARGUMENT', `Table ${displayName(table.name)} has no partition spec ${specId}`);
      }
      const made = await prepareManifests(metadata, { specId, sortBy }, storage);
      counts = made ? [made.rewritten, made.added] : [0, 0];
      if (!made) return undefined;
      const { requirements, updates, written } = made.prepared;
      return { commit: { requirements, updates }, after: applySnapshot(metadata, made.prepared), written };
    });
    return [counts];
  },
};
