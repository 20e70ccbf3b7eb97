import { CommitStateUnknown } from '../../catalog/index.js';
import type { StatementContext } from '../environment.js';
import { catalogOf } from '../tables/tables.js';
import { rollback, type StagedChange } from '../tables/transaction.js';

/** Commits staged changes together. A conflict: ABORTED, and nothing of the transaction remains. */
export async function commitTransaction(context: StatementContext, changes: readonly StagedChange[]): Promise<void> {
  const first = changes[0];
  if (!first) return;
  const commits = changes.map(({ name, requirements, updates }) => ({
    identifier: { namespace: name.namespace, name: name.name },
    commit: { requirements, updates },
  }));
  try {
    const catalog = catalogOf(context, first.name.catalog);
    if (commits.length === 1 && commits[0]) await catalog.commitTable(commits[0].identifier, commits[0].commit);
    else await catalog.commitTransaction(commits);
  } catch (error) {
    if (!(error instanceof CommitStateUnknown)) await rollback(changes);
    throw error;
  }
}
