/** Statements that change something: rows, definitions, the session. */
import { Field, Schema } from 'apache-arrow';
import { rowsToBatch } from '../arrow/index.js';
import { SkuaError } from '../errors.js';
import { type ChangeOutcome, changeRows } from './changes/index.js';
import { commitTransaction } from './committing/transaction.js';
import type { StatementRequest } from './contract.js';
import { define, isDefinition } from './definitions/define.js';
import { createTemporary, insertTemporary } from './definitions/temporary.js';
import type { StatementContext } from './environment.js';
import { call as callProcedure } from './maintenance/index.js';
import type { RowsTable } from './rows.js';
import { refuseHintedChange } from './session/engine.js';
import { set } from './session/settings.js';
import { use } from './session/use.js';
import { setVariable } from './session/variables.js';
import type { RowChange } from './syntax/row-change.js';
import { CHANGES_OF_ROWS, type InsertStatement, type Statement, statementName } from './syntax/statement.js';
import { kill } from './system/kill.js';
import { temporaryTable } from './tables/temporary.js';
import { begin, endTransaction, refuseInReadOnly, rollback } from './tables/transaction.js';
import { insert } from './writing/insert.js';

export type Update = Exclude<Statement, { kind: 'query' | 'explain' | 'show' | 'describe' }>;

/** Carries out a statement that changes something. */
export async function carryOut(
  context: StatementContext,
  statement: Update,
  request: StatementRequest,
): Promise<ChangeOutcome> {
  refuseHintedChange(context, request.sql);
  if (statement.kind === 'call' || statement.kind === 'execute') {
    refuseParameters(statement, request);
    refuseInReadOnly(context.transaction, statementName(statement));
    const { schema, rows } = await callProcedure(context, statement);
    return { affectedRows: 0, returned: { schema, batches: rows.length > 0 ? [rowsToBatch(schema, rows)] : [] } };
  }
  const returning = returningOf(statement);
  if (!returning) return { affectedRows: await change(context, statement, request) };
  refuseInReadOnly(context.transaction, statementName(statement));
  return changeRows(context, returning, parameterTable(request));
}

/** Carries out a statement that returns no rows. The affected rows; 0 for one that changes none, such as a definition. */
async function change(
  context: StatementContext,
  statement: Exclude<Update, { kind: 'call' | 'execute' }>,
  request: StatementRequest,
): Promise<number> {
  if (!TAKE_PARAMETERS.has(statement.kind)) refuseParameters(statement, request);
  const isTemporary = 'table' in statement && temporaryTable(context, statement.table) !== undefined;
  if ((isDefinition(statement) || CHANGES_OF_ROWS.has(statement.kind)) && !isTemporary) {
    refuseInReadOnly(context.transaction, statementName(statement));
  }
  if (isDefinition(statement)) return define(context, statement);
  switch (statement.kind) {
    case 'create-temporary':
      return createTemporary(context, statement);
    case 'insert': {
      const temporary = temporaryTable(context, statement.table);
      if (temporary) return insertTemporary(context, statement, temporary, parameterTable(request));
      const parameters = parameterTable(request);
      const inTurns = async () => (await changeRows(context, asRows(statement), parameters)).affectedRows;
      return insert(context, statement, parameters, inTurns);
    }
    case 'delete':
    case 'update':
    case 'merge':
    case 'truncate':
    case 'insert-rows':
      return (await changeRows(context, statement, parameterTable(request))).affectedRows;
    case 'set':
      await set(context, statement);
      return 0;
    case 'set-variable':
      await setVariable(context, statement);
      return 0;
    case 'use':
      await use(context, statement);
      return 0;
    case 'kill':
      await kill(context, statement);
      return 0;
    case 'begin':
      await begin(context.call, { current: true, readOnly: statement.readOnly });
      return 0;
    case 'commit':
      await commitTransaction(context, endTransaction(context.call, request.transaction));
      return 0;
    case 'rollback':
      await rollback(endTransaction(context.call, request.transaction));
      return 0;
  }
}

const TAKE_PARAMETERS = new Set<Statement['kind']>(['insert', 'delete', 'update', 'merge']);

function refuseParameters(statement: Statement, { parameters }: StatementRequest): void {
  if (!parameters || parameters.schema.fields.length === 0) return;
  throw new SkuaError('INVALID_ARGUMENT', `${statementName(statement)} takes no parameters`);
}

/** The change of a statement with RETURNING. */
export function returningOf(statement: Statement): RowChange | undefined {
  if (!('returning' in statement) || statement.returning === undefined) return undefined;
  if (statement.kind !== 'insert') return statement;
  const { returning, ...insert } = statement;
  return { ...asRows(insert), returning };
}

/** An INSERT as a change of rows that only come. */
function asRows(insert: InsertStatement): RowChange {
  const written = { sql: insert.sql ?? '', pieces: [] };
  return { kind: 'insert-rows', target: { table: insert.table }, insert, written };
}

/** Bound rows as a table, its columns named by ordinal. */
function parameterTable(request: StatementRequest): RowsTable | undefined {
  const { parameters } = request;
  if (!parameters || parameters.schema.fields.length === 0) return undefined;
  const fields = parameters.schema.fields.map(
    (field, index) => new Field(`p${index + 1}`, field.type, true, field.metadata),
  );
  return { name: 'bound parameters', schema: new Schema(fields), origin: 'values', batches: parameters.batches };
}
