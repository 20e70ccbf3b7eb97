/** Changes of rows: DELETE, UPDATE, MERGE and TRUNCATE. One commit for each statement, however many rows of parameters it is run for. */
import { Field, Int64, Schema } from 'apache-arrow';
import { type ColumnarBatch, rowsToBatch } from '../../arrow/index.js';
import type { ParameterRow, QueryDescription } from '../../engine/contract.js';
import { changeTable } from '../committing/commit.js';
import type { StatementContext } from '../environment.js';
import type { BoundQuery } from '../reading/bind.js';
import { describeBound } from '../reading/query.js';
import type { RowsTable } from '../rows.js';
import type { RowChange, TruncateStatement } from '../syntax/row-change.js';
import type { PinnedTable } from '../tables/tables.js';
import { authorizeChange } from '../writing/write.js';
import type { ChangeQuery } from './change-query.js';
import { bindChange, type ChangeParameters } from './changed-rows.js';
import { Computation, type Run } from './computation.js';
import { type BoundOrdinal, deleteQuery, isIndependent, updateQuery } from './delete-update.js';
import { placingErrors } from './error-places.js';
import { mergeQuery } from './merge.js';
import { changeStep, clearStep } from './step.js';
import { loadTarget } from './target.js';

/** The statement's parameters, typed by the columns that they go to where they stand alone. */
export async function describeChange(
  context: StatementContext,
  statement: RowChange | TruncateStatement,
): Promise<QueryDescription> {
  const table = await loadTarget(context, statement.target, statement.kind.toUpperCase());
  if (statement.kind === 'truncate') return { schema: NO_FIELDS, parameters: NO_FIELDS, types: [] };
  return placingErrors(context, statement.written, async () => {
    const bound = await bindChange(context, table, queryOf(table, statement));
    return describeBound(context, bound);
  });
}

/** The query that stands for a change, for EXPLAIN. */
export async function bindChangeQuery(context: StatementContext, statement: RowChange): Promise<BoundQuery> {
  const table = await loadTarget(context, statement.target, statement.kind.toUpperCase());
  return placingErrors(context, statement.written, () => bindChange(context, table, queryOf(table, statement)));
}

const NO_FIELDS = new Schema([]);

/**
 * Carries out the statement, once for each row of parameters. What another commit touched before it is computed anew on the table as it is then: the
 * statement takes effect on one state of the table, or fails with ABORTED and leaves nothing. The rows changed.
 */
export async function changeRows(
  context: StatementContext,
  statement: RowChange | TruncateStatement,
  parameters: RowsTable | undefined,
): Promise<number> {
  const table = await loadTarget(context, statement.target, statement.kind.toUpperCase());
  await authorizeChange(context, table);
  const computation = new Computation((within) => runsOf(within, statement, parameters));
  await changeTable(context, table, async (state) => {
    const isChange = await computation.compute(context, state);
    return isChange ? (...asked) => computation.propose(...asked) : undefined;
  });
  return computation.affectedRows;
}

/** What is to be done, in order, each on the state that the one before leaves. */
function runsOf(
  context: StatementContext,
  statement: RowChange | TruncateStatement,
  parameters: RowsTable | undefined,
): Run[] {
  if (statement.kind === 'truncate') return [(state) => clearStep(context, state)];
  const run =
    (bound: ChangeParameters, ordinal?: BoundOrdinal): Run =>
    (state) => {
      if (clearsAll(statement, bound)) return clearStep(context, state);
      return placingErrors(context, statement.written, async () => {
        const query = queryOf(state, statement, ordinal);
        return changeStep(context, state, query, { mode: modeOf(state, statement), parameters: bound });
      });
    };
  if (!parameters) return [run(undefined)];
  const rows = rowsOf(parameters);
  if (rows.length > 1 && statement.kind !== 'merge' && isIndependent(statement)) {
    return [run(withOrdinals(parameters), { parameter: parameters.schema.fields.length + 1 })];
  }
  return rows.map((row) => run(row));
}

function clearsAll(statement: RowChange, parameters: ChangeParameters): boolean {
  return (
    statement.kind === 'delete' &&
    statement.where === undefined &&
    statement.using === undefined &&
    (parameters === undefined || parameters.schema.fields.length === 0)
  );
}

function queryOf(table: PinnedTable, statement: RowChange, ordinal?: BoundOrdinal): ChangeQuery {
  switch (statement.kind) {
    case 'delete':
      return deleteQuery(table, statement, ordinal);
    case 'update':
      return updateQuery(table, statement, ordinal);
    case 'merge':
      return mergeQuery(table, statement);
  }
}

/** The table property `write.delete.mode` and its like. Tables of format version 1 have no delete files. */
function modeOf({ metadata }: PinnedTable, { kind }: RowChange): 'copy-on-write' | 'merge-on-read' {
  const isCopied = metadata.properties[`write.${kind}.mode`]?.toLowerCase() === 'copy-on-write';
  return isCopied || metadata.formatVersion === 1 ? 'copy-on-write' : 'merge-on-read';
}

function rowsOf({ schema, batches }: RowsTable): ParameterRow[] {
  return batches.flatMap((batch) => Array.from({ length: batch.length }, (_, index) => ({ schema, batch, index })));
}

/** The bound rows with one more column: which of them it is. */
function withOrdinals(parameters: RowsTable): RowsTable {
  const ordinal = new Field(`p${parameters.schema.fields.length + 1}`, new Int64(), true);
  let first = 0;
  const batches = parameters.batches.map((batch): ColumnarBatch => {
    const numbers = Array.from({ length: batch.length }, (_, index) => [BigInt(first + index)]);
    first += batch.length;
    const column = rowsToBatch(new Schema([ordinal]), numbers);
    return {
      ...batch,
      nodes: [...batch.nodes, ...column.nodes],
      buffers: [...batch.buffers, ...column.buffers],
    };
  });
  return { ...parameters, schema: new Schema([...parameters.schema.fields, ordinal]), batches };
}
