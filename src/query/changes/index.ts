/** Changes of rows: DELETE, UPDATE, MERGE and TRUNCATE. One commit for each statement, however many rows of parameters it is run for. */
import { type Field, Schema } from 'apache-arrow';
import type { QueryDescription } from '../../engine/contract.js';
import { changeTable } from '../committing/commit.js';
import type { StatementContext } from '../environment.js';
import { Binder, type BoundQuery } from '../reading/bind.js';
import { describeBound } from '../reading/query.js';
import type { RowsTable } from '../rows.js';
import type { MergeStatement, RowChange, TruncateStatement } from '../syntax/row-change.js';
import type { PinnedTable } from '../tables/tables.js';
import { parameterRowsOf, withOrdinals } from '../writing/bound-rows.js';
import { authorizeChange } from '../writing/write.js';
import type { ChangeQuery } from './change-query.js';
import { bindChange, type ChangedRows, type ChangeParameters, isTaken } from './changed-rows.js';
import { Computation, type Run } from './computation.js';
import { type BoundOrdinal, deleteQuery, givenAssigned, isIndependent, updateQuery } from './delete-update.js';
import { placingErrors } from './error-places.js';
import { insertRowsQuery } from './insert-rows.js';
import { givenValues, mergeQuery, namesWholeSource } from './merge.js';
import { describeReturning, type ReturnedRows, returnedRows } from './returning.js';
import { changeStep, clearStep } from './step.js';
import { loadTarget } from './target.js';

/** The statement's parameters, typed by the columns that they go to where they stand alone. */
export async function describeChange(
  context: StatementContext,
  statement: RowChange | TruncateStatement,
): Promise<QueryDescription> {
  const table = await loadTarget(context, statement.target, verbOf(statement));
  if (statement.kind === 'truncate') return { schema: NO_FIELDS, parameters: NO_FIELDS, types: [] };
  return placingErrors(context, statement.written, async () => {
    const bound = await bindChange(context, table, await queryOf(context, table, statement));
    return describeBound(context, bound);
  });
}

/** The schema of what a statement with RETURNING answers. */
export async function describeReturned(context: StatementContext, statement: RowChange): Promise<Schema> {
  const table = await loadTarget(context, statement.target, verbOf(statement));
  return placingErrors(context, statement.written, async () =>
    describeReturning(context, table, statement, await queryOf(context, table, statement)),
  );
}

/** The query that stands for a change, for EXPLAIN. */
export async function bindChangeQuery(context: StatementContext, statement: RowChange): Promise<BoundQuery> {
  const table = await loadTarget(context, statement.target, verbOf(statement));
  return placingErrors(context, statement.written, async () =>
    bindChange(context, table, await queryOf(context, table, statement)),
  );
}

function verbOf({ kind }: RowChange | TruncateStatement): string {
  return kind === 'insert-rows' ? 'INSERT … RETURNING' : kind.toUpperCase();
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
): Promise<ChangeOutcome> {
  const table = await loadTarget(context, statement.target, verbOf(statement));
  await authorizeChange(context, table);
  const computation = new Computation((within, base) => runsOf(within, base, statement, parameters));
  await changeTable(context, table, async (state) => {
    const isChange = await computation.compute(context, state);
    return isChange ? (...asked) => computation.propose(...asked) : undefined;
  });
  return { affectedRows: computation.affectedRows, returned: computation.returned };
}

export interface ChangeOutcome {
  affectedRows: number;
  /** Of a statement with RETURNING. */
  returned?: ReturnedRows | undefined;
}

/** What is to be done, in order, each on the state that the one before leaves. */
async function runsOf(
  context: StatementContext,
  base: PinnedTable,
  statement: RowChange | TruncateStatement,
  parameters: RowsTable | undefined,
): Promise<Run[]> {
  if (statement.kind === 'truncate') return [(state) => clearStep(context, state)];
  const run =
    (bound: ChangeParameters, ordinal?: BoundOrdinal): Run =>
    (state) => {
      if (clearsAll(statement, bound)) return clearStep(context, state);
      return placingErrors(context, statement.written, async () => {
        const query = await queryOf(context, state, statement, ordinal);
        const returning =
          statement.returning === undefined
            ? undefined
            : (rows: ChangedRows) => returnedRows(context, state, statement, rows);
        return changeStep(context, state, query, { mode: modeOf(state, statement), parameters: bound, returning });
      });
    };
  if (!parameters) return [run(undefined)];
  const rows = parameterRowsOf(parameters);
  const isPlain = statement.kind === 'delete' || statement.kind === 'update';
  if (rows.length > 1 && isPlain && statement.returning === undefined && isIndependent(statement)) {
    const together = withOrdinals(parameters);
    const ordinal = { parameter: together.schema.fields.length };
    const query = await queryOf(context, base, statement, ordinal);
    if (await isTaken(context, base, query, together)) return [run(together, ordinal)];
  }
  return rows.map((row) => run(row));
}

function clearsAll(statement: RowChange, parameters: ChangeParameters): boolean {
  return (
    statement.kind === 'delete' &&
    statement.returning === undefined &&
    statement.where === undefined &&
    statement.using === undefined &&
    (parameters === undefined || parameters.schema.fields.length === 0)
  );
}

async function queryOf(
  context: StatementContext,
  table: PinnedTable,
  statement: RowChange,
  ordinal?: BoundOrdinal,
): Promise<ChangeQuery> {
  switch (statement.kind) {
    case 'delete':
      return deleteQuery(table, statement, ordinal);
    case 'update':
      return updateQuery(table, statement, await typesOf(context, table, givenAssigned(table, statement)), ordinal);
    case 'insert-rows':
      return insertRowsQuery(context, table, statement);
    case 'merge':
      return mergeOf(context, table, statement);
  }
}

async function mergeOf(context: StatementContext, table: PinnedTable, statement: MergeStatement): Promise<ChangeQuery> {
  const columns = await sourceColumns(context, table, statement);
  const { update, insert } = givenValues(table, statement, columns);
  return mergeQuery(table, statement, columns, {
    update: await typesOf(context, table, update),
    insert: await typesOf(context, table, insert),
  });
}

/** The types of expressions, which the columns of a query are in their order. */
async function typesOf(
  context: StatementContext,
  table: PinnedTable,
  values: { sql: string; texts: string[] } | undefined,
): Promise<Map<string, Field>> {
  if (!values) return new Map();
  const { schema } = await describeBound(context, await new Binder(context, {}, [table]).bind(values.sql));
  return new Map(values.texts.map((text, index) => [text, schema.fields[index] as Field]));
}

/** Names of the columns of a MERGE's source, where an action takes those that there are, or an expression the whole row. */
async function sourceColumns(
  context: StatementContext,
  table: PinnedTable,
  statement: MergeStatement,
): Promise<string[]> {
  const { target, source, clauses } = statement;
  const isWanted = clauses.some(({ action }) => {
    const row = action.kind === 'insert' ? action.values : action.kind === 'update' ? action.assignments : undefined;
    return row === 'name' || row === 'position';
  });
  if (!isWanted && !namesWholeSource(statement)) return [];
  const sql = `${target.with === undefined ? '' : `${target.with} `}SELECT * FROM ${source.text}`;
  const bound = await new Binder(context, {}, [table]).bind(sql);
  const { schema } = await describeBound(context, bound);
  return schema.fields.map(({ name }) => name);
}

/** The table property `write.delete.mode` and its like. Tables of format version 1 have no delete files. */
function modeOf({ metadata }: PinnedTable, { kind }: RowChange): 'copy-on-write' | 'merge-on-read' {
  const isCopied = metadata.properties[`write.${kind}.mode`]?.toLowerCase() === 'copy-on-write';
  return isCopied || metadata.formatVersion === 1 ? 'copy-on-write' : 'merge-on-read';
}
