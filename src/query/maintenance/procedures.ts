/** The procedures of a catalog's schema `system`, with the names, arguments and answers that they have in Spark. */
import { SkuaError } from '../../errors.js';
import { addFiles } from './add-files.js';
import { computeTableStats } from './compute-table-stats.js';
import { expireSnapshots } from './expire-snapshots.js';
import type { Procedure } from './procedure.js';
import { registerTable } from './register-table.js';
import { removeOrphanFiles } from './remove-orphan-files.js';
import { removeDangling } from './rewrite/dangling-deletes.js';
import { rewriteDataFiles } from './rewrite/rewrite-data-files.js';
import { rewriteManifests } from './rewrite/rewrite-manifests.js';
import { rewritePositionDeleteFiles } from './rewrite/rewrite-position-delete-files.js';
import { ancestors } from './snapshots/ancestors.js';
import { fastForward } from './snapshots/fast-forward.js';
import { cherrypickSnapshot, publishChanges } from './snapshots/publish.js';
import { rollbackToSnapshot, rollbackToTimestamp, setCurrentSnapshot } from './snapshots/rollback.js';

const PROCEDURES: Record<string, Procedure> = {
  add_files: addFiles,
  ancestors_of: ancestors,
  cherrypick_snapshot: cherrypickSnapshot,
  compute_table_stats: computeTableStats,
  expire_snapshots: expireSnapshots,
  fast_forward: fastForward,
  publish_changes: publishChanges,
  register_table: registerTable,
  remove_dangling_deletes: removeDangling,
  remove_orphan_files: removeOrphanFiles,
  rewrite_data_files: rewriteDataFiles,
  rewrite_manifests: rewriteManifests,
  rewrite_position_delete_files: rewritePositionDeleteFiles,
  rollback_to_snapshot: rollbackToSnapshot,
  rollback_to_timestamp: rollbackToTimestamp,
  set_current_snapshot: setCurrentSnapshot,
};

/** What to do instead of procedures that Spark has besides. */
const ELSEWHERE: Record<string, string> = {
  create_changelog_view: 'the rows that changed between two snapshots are in "table$changes" FOR VERSION FROM … TO …',
  migrate: 'there are no tables of other formats here',
  snapshot: 'there are no tables of other formats here',
  rewrite_table_path: 'a copy of a table is made with CREATE TABLE … AS',
};

/** The procedure of that name, in any case. Unknown: UNIMPLEMENTED with those that there are. */
export function procedureNamed(written: string): Procedure {
  const name = written.toLowerCase();
  if (Object.hasOwn(PROCEDURES, name)) return PROCEDURES[name] as Procedure;
  const instead = Object.hasOwn(ELSEWHERE, name)
    ? ELSEWHERE[name]
    : `the procedures are ${Object.keys(PROCEDURES).join(', ')}`;
  throw new SkuaError('UNIMPLEMENTED', `There is no procedure ${name}; ${instead}`);
}
