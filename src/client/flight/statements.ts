import type { ColumnarBatch } from '../../arrow/index.js';
import { codec, type FlightDescriptor, flightSql, packAny } from '../../flight/protocol.js';
import type {
  ArrowData,
  CallOptions,
  IngestOptions,
  PreparedStatement,
  StatementOptions,
  StatementOutcome,
  Statements,
  TableName,
} from '../contract.js';
import { type Parameters, parametersToBatch } from '../parameters.js';
import { QueryResult } from '../result.js';
import { bare, type Connection, command, schemaOrNone } from './connection.js';
import { columnarData, upload } from './upload.js';

const Nothing = codec<object>('arrow.flight.protocol.Empty');

/** Statements over Flight SQL, in the transaction with that id or each in its own. */
export class FlightStatements implements Statements {
  readonly #transaction: Uint8Array | undefined;

  constructor(
    protected readonly connection: Connection,
    transaction?: Uint8Array,
  ) {
    this.#transaction = transaction;
  }

  async execute(sql: string, options: StatementOptions = {}): Promise<QueryResult> {
    if (hasParameters(options)) {
      const statement = await this.prepare(sql, options);
      return keepingUntilRead(statement, () => statement.execute(options));
    }
    return this.connection.query(command(flightSql.CommandStatementQuery, this.#statement(sql)), options);
  }

  async executeUpdate(sql: string, options: StatementOptions = {}): Promise<number> {
    if (hasParameters(options)) {
      const statement = await this.prepare(sql, options);
      return keeping(statement, () => statement.executeUpdate(options));
    }
    return this.connection.update(bare(flightSql.CommandStatementUpdate, this.#statement(sql)), options);
  }

  async run(sql: string, options: StatementOptions = {}): Promise<StatementOutcome> {
    const statement = await this.prepare(sql, options);
    if (!statement.isUpdate) return keepingUntilRead(statement, () => statement.execute(options));
    const affectedRows = await keeping(statement, () => statement.executeUpdate(options));
    return { kind: 'update', affectedRows };
  }

  async prepare(sql: string, options: CallOptions = {}): Promise<PreparedStatement> {
    const answer = await this.connection.ask(
      'CreatePreparedStatement',
      packAny(flightSql.ActionCreatePreparedStatementRequest, this.#statement(sql)),
      flightSql.ActionCreatePreparedStatementResult,
      options,
    );
    const { connection } = this;
    const reference = { prepared_statement_handle: answer.prepared_statement_handle };
    const schema = schemaOrNone(answer.dataset_schema);
    return {
      isUpdate: answer.is_update ?? schema.fields.length === 0,
      schema,
      parameters: schemaOrNone(answer.parameter_schema),
      async execute(call = {}) {
        const bound = hasParameters(call) ? await bind(connection, reference, call) : reference;
        return connection.query(command(flightSql.CommandPreparedStatementQuery, bound), call);
      },
      async executeUpdate(call = {}) {
        const rows = call.rows ?? (hasParameters(call) ? [call.parameters] : undefined);
        const descriptor = command(flightSql.CommandPreparedStatementUpdate, reference);
        if (rows === undefined)
          return connection.update(bare(flightSql.CommandPreparedStatementUpdate, reference), call);
        return connection.update(bound(descriptor, rows), call);
      },
      async close() {
        const body = packAny(flightSql.ActionClosePreparedStatementRequest, reference);
        await connection.act('ClosePreparedStatement', body, Nothing);
      },
    };
  }

  async ingest(table: string | TableName, data: ArrowData, options: IngestOptions = {}): Promise<number> {
    const { catalog, schema, table: name } = typeof table === 'string' ? { table } : table;
    const mode = options.mode ?? 'create';
    const descriptor = command(flightSql.CommandStatementIngest, {
      table: name,
      ...(catalog === undefined ? {} : { catalog }),
      ...(schema === undefined ? {} : { schema }),
      temporary: options.temporary ?? false,
      table_definition_options: {
        if_not_exist: mode === 'append' ? 'TABLE_NOT_EXIST_OPTION_FAIL' : 'TABLE_NOT_EXIST_OPTION_CREATE',
        if_exists: IF_EXISTS[mode],
      },
      ...this.#inTransaction(),
    });
    return this.connection.update(upload(descriptor, await columnarData(data), options.onProgress), options);
  }

  #statement(query: string) {
    return { query, ...this.#inTransaction() };
  }

  #inTransaction() {
    return this.#transaction === undefined ? {} : { transaction_id: this.#transaction };
  }
}

const IF_EXISTS = {
  create: 'TABLE_EXISTS_OPTION_FAIL',
  append: 'TABLE_EXISTS_OPTION_APPEND',
  create_append: 'TABLE_EXISTS_OPTION_APPEND',
  replace: 'TABLE_EXISTS_OPTION_REPLACE',
} as const;

interface Reference {
  prepared_statement_handle: Uint8Array;
}

/** Binds a row of parameters; the server may answer another handle, which holds them. */
async function bind(
  connection: Connection,
  reference: Reference,
  { parameters, ...options }: StatementOptions & { parameters: Parameters },
): Promise<Reference> {
  const descriptor = command(flightSql.CommandPreparedStatementQuery, reference);
  const answer = await connection.put(bound(descriptor, [parameters]), options);
  if (answer === undefined) return reference;
  const { prepared_statement_handle: handle } = flightSql.DoPutPreparedStatementResult.decode(answer);
  return handle === null || handle === undefined ? reference : { prepared_statement_handle: handle };
}

function bound(descriptor: FlightDescriptor, rows: readonly Parameters[]) {
  const { schema, batch } = parametersToBatch(rows);
  return upload(descriptor, { schema, batches: [batch] });
}

function hasParameters<T extends StatementOptions>(options: T): options is T & { parameters: Parameters } {
  return options.parameters !== undefined && options.parameters.length > 0;
}

/** Closes the statement when it is done with. */
async function keeping<T>(statement: PreparedStatement, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    await release(statement);
  }
}

/** Closes the statement once its result has been read. */
async function keepingUntilRead(statement: PreparedStatement, use: () => Promise<QueryResult>): Promise<QueryResult> {
  try {
    const result = await use();
    return new QueryResult(result.schema, releasingAfter(result.batches, statement), result.cancel);
  } catch (error) {
    await release(statement);
    throw error;
  }
}

async function* releasingAfter(
  batches: AsyncGenerator<ColumnarBatch>,
  statement: PreparedStatement,
): AsyncGenerator<ColumnarBatch> {
  try {
    yield* batches;
  } finally {
    await release(statement);
  }
}

/** Where closing fails, the server lets the statement expire, and the outcome stays what it is. */
async function release(statement: PreparedStatement): Promise<void> {
  await statement.close().catch(() => undefined);
}
