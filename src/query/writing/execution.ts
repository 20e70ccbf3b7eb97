/**
 * Changes that must happen once, however often and at whatever server their ticket is redeemed: the id of the execution is kept in the
 * summary of the snapshot that it commits, and a table that has such a snapshot is not changed again.
 */
import type { TableMetadata } from '../../iceberg/types.js';
import type { StatementContext } from '../environment.js';

/** Snapshot summary fields (Iceberg spec, Appendix F, leaves other fields to the writer). */
const EXECUTION_ID = 'skua.execution-id';
const AFFECTED_ROWS = 'skua.affected-rows';

/** Thrown where the table has the change already; the statement then answers with its count. */
export class AlreadyCommitted extends Error {
  constructor(readonly affectedRows: number) {
    super('the change has been committed before');
  }
}

/** What the summary of the change's snapshot says of its execution. */
export function executionSummary(context: StatementContext, affectedRows: number): Record<string, string> {
  if (context.executionId === undefined) return {};
  return { [EXECUTION_ID]: context.executionId, [AFFECTED_ROWS]: String(affectedRows) };
}

/** Throws AlreadyCommitted where a snapshot of the table was made by the statement's own execution. Of several, the last has the whole count. */
export function refuseRepetition(context: StatementContext, metadata: TableMetadata): void {
  const { executionId } = context;
  if (executionId === undefined) return;
  const made = metadata.snapshots.findLast(({ summary }) => summary[EXECUTION_ID] === executionId);
  if (made) throw new AlreadyCommitted(Number(made.summary[AFFECTED_ROWS]));
}
