/** Maintenance of tables, as statements: CALL of a catalog's procedures, and ALTER TABLE … EXECUTE. */
import { Schema } from 'apache-arrow';
import { SkuaError } from '../../errors.js';
import { quoteName } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import type { Rows } from '../rows.js';
import type { CallStatement, ExecuteStatement } from '../syntax/call.js';
import { currentCatalog, findCatalog, resolveTable, schemaName } from '../tables/names.js';
import { namesOf } from '../tables/tables.js';
import { type Arguments, readArguments } from './arguments.js';
import { executedProcedure } from './execute.js';
import type { Parameter } from './parameter.js';
import type { Procedure } from './procedure.js';
import { procedureNamed } from './procedures.js';

/** The columns of what a procedure answers. */
export function describeCall(context: StatementContext, statement: CallStatement | ExecuteStatement): Schema {
  return calledProcedure(context, statement).procedure.schema;
}

/**
 * Carries out a procedure; what it says of what it did. It takes effect at once and by itself: in a transaction that was begun by BEGIN or holds
 * changes it is refused (FAILED_PRECONDITION).
 */
export async function call(within: StatementContext, statement: CallStatement | ExecuteStatement): Promise<Rows> {
  const called = calledProcedure(within, statement);
  const { procedure } = called;
  return byItself(within, called.statement, async (context) => {
    const given = await readArguments(context, called, called.parameters, statement.arguments);
    return { schema: procedure.schema, rows: await procedure.run(context, called.translate(given)) };
  });
}

async function byItself<T>(
  within: StatementContext,
  statement: string,
  work: (context: StatementContext) => Promise<T>,
): Promise<T> {
  const { transaction } = within;
  if (transaction && (transaction.isExplicit || transaction.hasChanges)) {
    throw new SkuaError(
      'FAILED_PRECONDITION',
      `${statement} can't be part of a transaction: it takes effect at once. End the transaction first, or connect with autocommit`,
    );
  }
  try {
    // Several commits of one execution would each be taken for a repetition of the first.
    return await work({ ...within, transaction: undefined, executionId: undefined });
  } finally {
    transaction?.forgetStates();
  }
}

interface CalledProcedure {
  /** What messages call the statement. */
  statement: string;
  catalog: string;
  procedure: Procedure;
  parameters: readonly Parameter[];
  translate(given: Arguments): Arguments;
}

function calledProcedure(context: StatementContext, statement: CallStatement | ExecuteStatement): CalledProcedure {
  if (statement.kind === 'execute') return executed(context, statement);
  const names = namesOf(context);
  const path = statement.procedure;
  const [first] = path;
  if (path.length > 3) throw new SkuaError('INVALID_ARGUMENT', 'A procedure is called by catalog.system.procedure');
  const catalog = path.length === 3 ? findCatalog(names, first as string) : currentCatalog(names);
  if (catalog === undefined) throw new SkuaError('NOT_FOUND', `Catalog does not exist: ${first}`);
  const written = (path.at(-1) as string).toLowerCase();
  const procedure = withColumns(procedureNamed(written), statement.columns);
  return {
    statement: `CALL ${written}`,
    catalog,
    procedure,
    parameters: procedure.parameters,
    translate: (given) => given,
  };
}

/** With the first columns of its answer alone. */
function withColumns(procedure: Procedure, count: number | undefined): Procedure {
  if (count === undefined) return procedure;
  const run: Procedure['run'] = async (context, given) =>
    (await procedure.run(context, given)).map((row) => row.slice(0, count));
  return { ...procedure, schema: new Schema(procedure.schema.fields.slice(0, count)), run };
}

function executed(context: StatementContext, statement: ExecuteStatement): CalledProcedure {
  const { catalog, namespace, name } = resolveTable(namesOf(context), statement.table);
  const { procedure, parameters, translate } = executedProcedure(statement.procedure);
  const { where } = statement;
  const words = `EXECUTE ${statement.procedure}`;
  if (where !== undefined && !procedure.parameters.some((parameter) => parameter.name === 'where')) {
    throw new SkuaError('INVALID_ARGUMENT', `${words} takes no WHERE`);
  }
  const table = [catalog, schemaName(namespace), name].map(quoteName).join('.');
  return {
    statement: words,
    catalog,
    procedure,
    parameters,
    translate: (given) => translate(given).with({ table, ...(where !== undefined && { where }) }),
  };
}
