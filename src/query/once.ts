/** Changes that have an id take effect once, at whichever of the servers that share a journal they are asked for. */
import { DataType, type Schema } from 'apache-arrow';
import { batchToRows, rowsToBatch } from '../arrow/index.js';
import { CommitStateUnknown } from '../catalog/index.js';
import { type ErrorCode, SkuaError } from '../errors.js';
import type { ChangeOutcome } from './changes/index.js';
import type { StatementContext } from './environment.js';
import { describeCall } from './maintenance/index.js';
import { CHANGES_OF_ROWS, statementName } from './syntax/statement.js';
import { temporaryTable } from './tables/temporary.js';
import type { Update } from './update.js';
import { AlreadyCommitted } from './writing/execution.js';

/** What the journal keeps. Rows are those of procedures: they are counts and locations, while the rows of RETURNING are data. */
interface Noted {
  affectedRows?: number;
  rows?: unknown[][];
  error?: { code: ErrorCode; message: string };
}

/** These belong to a session, which other servers have not. */
const OF_SESSION = new Set<Update['kind']>([
  'create-temporary',
  'set',
  'set-variable',
  'use',
  'kill',
  'begin',
  'commit',
  'rollback',
]);

/**
 * Carries out a change, or says what became of it before. One that returned rows throws AlreadyCommitted then; one that is no change of rows, and
 * during which its server ended: FAILED_PRECONDITION.
 */
export async function onceForId(
  context: StatementContext,
  statement: Update,
  work: () => Promise<ChangeOutcome>,
): Promise<ChangeOutcome> {
  const { executionId, environment } = context;
  const isOfSession =
    OF_SESSION.has(statement.kind) ||
    context.transaction !== undefined ||
    ('table' in statement && temporaryTable(context, statement.table) !== undefined);
  if (executionId === undefined || isOfSession) return work();
  const redeemed = await environment.journal.executions.redeem(executionId, context.call.signal);
  if ('outcome' in redeemed) return told(context, statement, redeemed.outcome as Noted);
  const { claim } = redeemed;
  // Changes of rows are found again by the snapshots that they make.
  if (claim.isResumed && !CHANGES_OF_ROWS.has(statement.kind)) {
    const message = `The server that was carrying out this ${statementName(statement)} ended meanwhile, so that nobody knows whether it has taken effect; look, and plan it again`;
    await claim.done({ error: { code: 'FAILED_PRECONDITION', message } } satisfies Noted);
    throw new SkuaError('FAILED_PRECONDITION', message);
  }
  try {
    const outcome = await work();
    await claim.done(noted(statement, outcome));
    return outcome;
  } catch (error) {
    if (error instanceof CommitStateUnknown) await claim.done({ error: { code: error.code, message: error.message } });
    else if (error instanceof AlreadyCommitted) await claim.done({ affectedRows: error.affectedRows });
    else await claim.release();
    throw error;
  }
}

function noted(statement: Update, { affectedRows, returned }: ChangeOutcome): Noted {
  if (!returned || !isProcedure(statement)) return { affectedRows };
  return { affectedRows, rows: returned.batches.flatMap((batch) => batchToRows(returned.schema, batch)) };
}

function told(context: StatementContext, statement: Update, { affectedRows = 0, rows, error }: Noted): ChangeOutcome {
  if (error) throw new SkuaError(error.code, error.message);
  if (!isProcedure(statement)) throw new AlreadyCommitted(affectedRows);
  const schema = describeCall(context, statement);
  const typed = (rows ?? []).map((row) => row.map((value, index) => ofColumn(schema, index, value)));
  return { affectedRows, returned: { schema, batches: typed.length > 0 ? [rowsToBatch(schema, typed)] : [] } };
}

function isProcedure(statement: Update): statement is Extract<Update, { kind: 'call' | 'execute' }> {
  return statement.kind === 'call' || statement.kind === 'execute';
}

/** JSON has one kind of numbers. */
function ofColumn(schema: Schema, index: number, value: unknown): unknown {
  const type = schema.fields[index]?.type;
  const isLong = DataType.isInt(type) && type.bitWidth === 64;
  return isLong && typeof value === 'number' ? BigInt(value) : value;
}
