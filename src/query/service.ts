/** The statement service: one place where every statement, however it arrives, is classified and carried out. */
import { Field, Int64, Schema } from 'apache-arrow';
import { type ColumnarBatch, rowsToBatch } from '../arrow/index.js';
import type { BoundParameters, QueryDescription } from '../engine/contract.js';
import { SkuaError } from '../errors.js';
import { StatementSalt } from '../governance/index.js';
import { firstStatementSteps, inTurns, TextBudget } from '../sql/index.js';
import { type ChangeOutcome, changeRows, describeChange, describeReturned } from './changes/index.js';
import { commitTransaction } from './committing/transaction.js';
import type { Call, StatementDescription, StatementRequest, StatementService, StatementStream } from './contract.js';
import { define, isDefinition } from './definitions/define.js';
import { createTemporary, insertTemporary, temporarySource } from './definitions/temporary.js';
import type { QueryEnvironment, StatementContext } from './environment.js';
import { EXPLAIN_SCHEMA, explain } from './explain.js';
import { ingest } from './ingest/ingest.js';
import { informationSchemaTable } from './listing/information-schema.js';
import { metadataService } from './listing/metadata.js';
import { describe, show, shownRows, showSchema } from './listing/show.js';
import { bindQuery, describeBound, describeQuery, runQuery } from './reading/query.js';
import type { Rows, RowsTable } from './rows.js';
import { set, settingOf } from './session/settings.js';
import { use } from './session/use.js';
import { setVariable } from './session/variables.js';
import { parseStatement } from './syntax/parse.js';
import type { RowChange } from './syntax/row-change.js';
import { type InsertStatement, type Statement, statementName } from './syntax/statement.js';
import { temporaryTable } from './tables/temporary.js';
import { begin, endTransaction, refuseInReadOnly, rollback, transactionOf } from './tables/transaction.js';
import { AlreadyCommitted } from './writing/execution.js';
import { describeInsert, insert } from './writing/insert.js';

/** What an update answers when it is run as a query. */
const AFFECTED_ROWS = new Schema([new Field('affected_rows', new Int64(), false)]);
const NO_PARAMETERS = new Schema([]);

type Update = Exclude<Statement, { kind: 'query' | 'explain' | 'show' | 'describe' }>;

export function createStatementService(environment: QueryEnvironment): StatementService {
  return new Statements(environment);
}

class Statements implements StatementService {
  readonly metadata = metadataService((call) => this.#context(call));

  constructor(private readonly environment: QueryEnvironment) {}

  async describe(call: Call, request: StatementRequest): Promise<StatementDescription> {
    const { context, statement } = await this.#classify(call, request);
    const name = statementName(statement);
    const rows = (schema: Schema): StatementDescription => ({
      kind: 'query',
      statement: name,
      schema,
      parameters: NO_PARAMETERS,
      pins: [],
    });
    switch (statement.kind) {
      case 'query': {
        const { schema, parameters, pins } = await describeQuery(
          context,
          statement.sql,
          request.pins,
          boundParameters(request),
        );
        return { kind: 'query', statement: name, schema, parameters, pins };
      }
      case 'explain': {
        if (statement.change) {
          const { change } = statement;
          const { parameters } =
            change.kind === 'insert'
              ? await this.#describeInsert(context, change)
              : await describeChange(context, change);
          return { ...rows(EXPLAIN_SCHEMA), parameters };
        }
        const given = boundParameters(request);
        const { parameters, pins } = await describeQuery(context, statement.sql, request.pins, given);
        return { ...rows(EXPLAIN_SCHEMA), parameters, pins };
      }
      case 'show':
      case 'describe':
        if (statement.kind === 'show' && statement.what === 'setting') settingOf(context, statement.setting ?? '');
        return rows(showSchema(statement));
      case 'insert': {
        const { parameters } = await this.#describeInsert(context, statement);
        const returning = returningOf(statement);
        if (returning) return this.#returning(context, name, returning, parameters);
        return { kind: 'update', statement: name, schema: AFFECTED_ROWS, parameters, pins: [] };
      }
      case 'delete':
      case 'update':
      case 'merge':
      case 'truncate': {
        const { parameters } = await describeChange(context, statement);
        const returning = returningOf(statement);
        if (returning) return this.#returning(context, name, returning, parameters);
        return { kind: 'update', statement: name, schema: AFFECTED_ROWS, parameters, pins: [] };
      }
      default:
        return { kind: 'update', statement: name, schema: AFFECTED_ROWS, parameters: NO_PARAMETERS, pins: [] };
    }
  }

  async #describeInsert(context: StatementContext, statement: InsertStatement): Promise<QueryDescription> {
    const temporary = temporaryTable(context, statement.table);
    if (!temporary) return describeInsert(context, statement);
    const source = await temporarySource(context, statement, temporary);
    return describeBound(context, source);
  }

  async query(call: Call, request: StatementRequest): Promise<StatementStream> {
    const { context, statement } = await this.#classify(call, request);
    switch (statement.kind) {
      case 'query': {
        const bound = await bindQuery(context, statement.sql, request.pins);
        return runQuery(context, bound, boundParameters(request), { lend: true });
      }
      case 'explain':
        return rowsStream(await explain(context, statement, boundParameters(request)));
      case 'show':
        return rowsStream(await show(context, statement));
      case 'describe':
        return rowsStream(await describe(context, statement));
      default: {
        const { affectedRows, returned } = await this.#changeOnce(context, statement, request);
        if (returned) return { schema: returned.schema, batches: each(returned.batches) };
        return rowsStream({ schema: AFFECTED_ROWS, rows: [[BigInt(affectedRows)]] });
      }
    }
  }

  async update(call: Call, request: StatementRequest): Promise<number> {
    const { context, statement } = await this.#classify(call, request);
    switch (statement.kind) {
      case 'query':
      case 'explain':
      case 'show':
      case 'describe':
        throw new SkuaError('INVALID_ARGUMENT', `${statementName(statement)} returns rows; run it as a query`);
      default:
        return (await this.#changeOnce(context, statement, request)).affectedRows;
    }
  }

  async #returning(
    context: StatementContext,
    statement: string,
    change: RowChange,
    parameters: Schema,
  ): Promise<StatementDescription> {
    const schema = await describeReturned(context, change);
    return { kind: 'update', statement, schema, returnsRows: true, parameters, pins: [] };
  }

  async ingest(...[call, target, schema, batches]: Parameters<StatementService['ingest']>): Promise<number> {
    call.report.statement = 'INGEST';
    const context = this.#context(call, target.transaction);
    refuseInReadOnly(context.transaction, 'Ingest');
    return ingest(context, target, schema, batches);
  }

  async begin(call: Call): Promise<string> {
    return (await begin(call, { current: false })).id;
  }

  async commit(call: Call, transaction: string): Promise<void> {
    await commitTransaction(this.#context(call), endTransaction(call, transaction));
  }

  async rollback(call: Call, transaction: string): Promise<void> {
    await rollback(endTransaction(call, transaction));
  }

  async #classify(call: Call, request: StatementRequest): Promise<{ context: StatementContext; statement: Statement }> {
    new TextBudget(this.environment.limits.statementBytes).take(request.sql);
    const { count, first } = await inTurns(firstStatementSteps(request.sql));
    if (count > 1) {
      throw new SkuaError('INVALID_ARGUMENT', `The text holds ${count} statements; send them one at a time`);
    }
    const statement = parseStatement(first);
    call.report.statement = statementName(statement);
    const context = { ...this.#context(call, request.transaction), executionId: request.executionId };
    return { context, statement };
  }

  #context(call: Call, transaction?: string): StatementContext {
    return {
      environment: this.environment,
      call,
      informationSchema: informationSchemaTable,
      shown: shownRows,
      salt: new StatementSalt(),
      transaction: transactionOf(call, transaction),
    };
  }

  async #changeOnce(context: StatementContext, statement: Update, request: StatementRequest): Promise<ChangeOutcome> {
    try {
      return await this.#outcome(context, statement, request);
    } catch (error) {
      if (!(error instanceof AlreadyCommitted)) throw error;
      if (!('returning' in statement) || statement.returning === undefined) return { affectedRows: error.affectedRows };
      throw new SkuaError(
        'FAILED_PRECONDITION',
        `The change was made before, of ${error.affectedRows} rows; what it returned was kept by the server that made it`,
      );
    }
  }

  async #outcome(context: StatementContext, statement: Update, request: StatementRequest): Promise<ChangeOutcome> {
    const change = returningOf(statement);
    if (!change) return { affectedRows: await this.#change(context, statement, request) };
    refuseInReadOnly(context.transaction, statementName(statement));
    return changeRows(context, change, parameterTable(request));
  }

  /** Carries out a statement that returns no rows. The affected rows; 0 for one that changes none, such as a definition. */
  async #change(context: StatementContext, statement: Update, request: StatementRequest): Promise<number> {
    if (!TAKE_PARAMETERS.has(statement.kind) && request.parameters && request.parameters.schema.fields.length > 0) {
      throw new SkuaError('INVALID_ARGUMENT', `${statementName(statement)} takes no parameters`);
    }
    const isTemporary = 'table' in statement && temporaryTable(context, statement.table) !== undefined;
    if ((isDefinition(statement) || CHANGES.has(statement.kind)) && !isTemporary) {
      refuseInReadOnly(context.transaction, statementName(statement));
    }
    if (isDefinition(statement)) return define(context, statement);
    switch (statement.kind) {
      case 'create-temporary':
        return createTemporary(context, statement);
      case 'insert': {
        const temporary = temporaryTable(context, statement.table);
        if (temporary) return insertTemporary(context, statement, temporary, parameterTable(request));
        return insert(context, statement, parameterTable(request));
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
}

const CHANGES = new Set<Statement['kind']>(['insert', 'delete', 'update', 'merge', 'truncate']);
const TAKE_PARAMETERS = new Set<Statement['kind']>(['insert', 'delete', 'update', 'merge']);

/** The change of a statement with RETURNING. */
function returningOf(statement: Statement): RowChange | undefined {
  if (!('returning' in statement) || statement.returning === undefined) return undefined;
  if (statement.kind !== 'insert') return statement;
  const { returning, ...insert } = statement;
  const written = { sql: insert.sql ?? '', pieces: [] };
  return { kind: 'insert-rows', target: { table: insert.table }, insert, returning, written };
}

async function* each<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

function rowsStream({ schema, rows }: Rows): StatementStream {
  async function* batches(): AsyncGenerator<ColumnarBatch> {
    if (rows.length > 0) yield rowsToBatch(schema, rows);
  }
  return { schema, batches: batches() };
}

function boundParameters({ parameters }: StatementRequest): BoundParameters | undefined {
  return parameters && parameters.schema.fields.length > 0 ? parameters : undefined;
}

/** Bound rows as a table, its columns named by ordinal. */
function parameterTable(request: StatementRequest): RowsTable | undefined {
  const { parameters } = request;
  if (!parameters || parameters.schema.fields.length === 0) return undefined;
  const fields = parameters.schema.fields.map(
    (field, index) => new Field(`p${index + 1}`, field.type, true, field.metadata),
  );
  return { name: 'bound parameters', schema: new Schema(fields), batches: parameters.batches };
}
