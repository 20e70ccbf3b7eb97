/** The statement service: one place where every statement, however it arrives, is classified and carried out. */
import { Field, Int64, Schema } from 'apache-arrow';
import { type ColumnarBatch, rowsToBatch } from '../arrow/index.js';
import type { BoundParameters, QueryDescription } from '../engine/contract.js';
import { SkuaError } from '../errors.js';
import { StatementSalt } from '../governance/index.js';
import { anySignal } from '../signal.js';
import { firstStatementSteps, inTurns, TextBudget } from '../sql/index.js';
import { type ChangeOutcome, describeChange, describeReturned } from './changes/index.js';
import { commitTransaction } from './committing/transaction.js';
import type { Call, StatementDescription, StatementRequest, StatementService, StatementStream } from './contract.js';
import { temporarySource } from './definitions/temporary.js';
import type { QueryEnvironment, StatementContext } from './environment.js';
import { EXPLAIN_SCHEMA, explain } from './explain.js';
import { ingest } from './ingest/ingest.js';
import { traceWritten } from './lineage/written-columns.js';
import { WrittenQueries } from './lineage/written-queries.js';
import { informationSchemaTable } from './listing/information-schema.js';
import { metadataService } from './listing/metadata.js';
import { describe, show, shownRows, showSchema } from './listing/show.js';
import { describeCall } from './maintenance/index.js';
import { onceForId } from './once.js';
import { Plans } from './plans.js';
import {
  bindQuery,
  type DescribedQuery,
  describeBound,
  describedQuery,
  describeQuery,
  runQuery,
} from './reading/query.js';
import { bytesOf, shareOf } from './reading/shares.js';
import type { Rows } from './rows.js';
import { asksForEngine } from './session/engine.js';
import { settingOf } from './session/settings.js';
import { markPhase } from './statement-run.js';
import { parseStatement } from './syntax/parse.js';
import type { RowChange } from './syntax/row-change.js';
import { type InsertStatement, type Statement, statementName } from './syntax/statement.js';
import { systemTable } from './system/tables.js';
import { temporaryTable } from './tables/temporary.js';
import { begin, endTransaction, refuseInReadOnly, rollback, transactionOf } from './tables/transaction.js';
import { carryOut, returningOf, type Update } from './update.js';
import { AlreadyCommitted } from './writing/execution.js';
import { describeInsert } from './writing/insert.js';

/** What an update answers when it is run as a query. */
const AFFECTED_ROWS = new Schema([new Field('affected_rows', new Int64(), false)]);
const NO_PARAMETERS = new Schema([]);

export function createStatementService(environment: QueryEnvironment): StatementService {
  return new Statements(environment);
}

class Statements implements StatementService {
  readonly #environment: QueryEnvironment;
  readonly metadata = metadataService((call) => this.#context(call));
  readonly #plans: Plans;

  constructor(environment: QueryEnvironment) {
    this.#environment = environment;
    this.#plans = new Plans(environment.limits.planLifetime);
  }

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
        const moment = this.#plans.moment(context);
        const planned = await this.#describeQuery(context, statement.sql, request);
        const { schema, parameters, pins, namePins } = planned;
        const plan = this.#plans.keep(moment, request, planned);
        const isWhole = request.parameters || context.transaction || asksForEngine(context, planned.bound.engine);
        const divisibleBytes = isWhole ? undefined : bytesOf(planned.bound);
        return { kind: 'query', statement: name, schema, parameters, pins, namePins, plan, divisibleBytes };
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
        const { parameters, pins } = await describeQuery(context, statement.sql, request, given);
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
      case 'call':
      case 'execute':
        return {
          kind: 'update',
          statement: name,
          schema: describeCall(context, statement),
          returnsRows: true,
          parameters: NO_PARAMETERS,
          pins: [],
        };
      default:
        return { kind: 'update', statement: name, schema: AFFECTED_ROWS, parameters: NO_PARAMETERS, pins: [] };
    }
  }

  /** By the tables that an earlier call of the statement loaded, where there was one. */
  async #describeQuery(context: StatementContext, sql: string, request: StatementRequest): Promise<DescribedQuery> {
    const bound = boundParameters(request);
    const planned = this.#plans.takeToDescribe(context, request);
    if (!planned) return describeQuery(context, sql, request, bound);
    return bound ? describedQuery(context, planned.bound, bound) : planned;
  }

  /**
   * Runs what was planned, while its tables are loaded again: nothing leaves before their catalogs have said once more that the caller may see
   * them, and under the same terms. Undefined where there is no such plan, or the terms are others now.
   */
  async #runPlanned(context: StatementContext, request: StatementRequest): Promise<StatementStream | undefined> {
    const planned = this.#plans.takeToRun(context, request);
    if (!planned) return undefined;
    markPhase(context.call, 'bind');
    const stop = new AbortController();
    const signal = anySignal(context.call.signal, stop.signal);
    const options = { lend: true, described: planned, signal };
    const stream = runQuery(context, planned.bound, boundParameters(request), options);
    stream.catch(() => undefined);
    try {
      if (await planned.bound.lookUps.areStillReadable(context)) return await stream;
    } catch (error) {
      stop.abort();
      throw error;
    }
    stop.abort();
    return undefined;
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
        const planned = await this.#runPlanned(context, request);
        if (planned) return planned;
        const bound = await bindQuery(context, statement.sql, request);
        const asked = request.share ? shareOf(bound, request.share) : bound;
        return runQuery(context, asked, boundParameters(request), { lend: true });
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
    try {
      return await ingest(context, target, schema, batches);
    } finally {
      this.#plans.changed(call.session);
    }
  }

  async begin(call: Call): Promise<string> {
    call.report.statement = 'BEGIN';
    return (await begin(call, { current: false })).id;
  }

  async commit(call: Call, transaction: string): Promise<void> {
    call.report.statement = 'COMMIT';
    try {
      await commitTransaction(this.#context(call), endTransaction(call, transaction));
    } finally {
      this.#plans.changed(call.session);
    }
  }

  async rollback(call: Call, transaction: string): Promise<void> {
    call.report.statement = 'ROLLBACK';
    await rollback(endTransaction(call, transaction));
  }

  async #classify(call: Call, request: StatementRequest): Promise<{ context: StatementContext; statement: Statement }> {
    new TextBudget(this.#environment.limits.statementBytes).take(request.sql);
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
      environment: this.#environment,
      call,
      informationSchema: (...asked) => informationSchemaTable(...asked) ?? systemTable(...asked),
      shown: shownRows,
      salt: new StatementSalt(),
      transaction: transactionOf(call, transaction),
      written: this.#environment.tracesColumns && call.report.run ? new WrittenQueries() : undefined,
    };
  }

  async #changeOnce(context: StatementContext, statement: Update, request: StatementRequest): Promise<ChangeOutcome> {
    try {
      const outcome = await onceForId(context, statement, () => this.#outcome(context, statement, request));
      const { run } = context.call.report;
      if (run) run.affectedRows = outcome.affectedRows;
      const columns = traceWritten(context);
      if (run && columns) run.columns = columns;
      return outcome;
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
    try {
      return await carryOut(context, statement, request);
    } finally {
      this.#plans.changed(context.call.session);
    }
  }
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
