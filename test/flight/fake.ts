import { Field, Int64, Null, Schema, Utf8 } from 'apache-arrow';
import { Admission, type AdmissionLimits, type CallRecord } from '../../src/admission/index.js';
import { batchToRows, type ColumnarBatch, rowsToBatch } from '../../src/arrow/index.js';
import type { Authenticator } from '../../src/auth/index.js';
import { BearerToken, type Principal } from '../../src/auth/principal.js';
import { SkuaError } from '../../src/errors.js';
import { createFlightServer, type FlightServer, type FlightServerOptions } from '../../src/flight/index.js';
import type {
  Call,
  IngestTarget,
  MetadataService,
  StatementDescription,
  StatementRequest,
  StatementService,
  StatementStream,
} from '../../src/query/contract.js';
import { createSessionStore, type SessionStore } from '../../src/session/index.js';

export const NUMBERS = new Schema([new Field('n', new Int64(), false), new Field('text', new Utf8(), true)]);
const AFFECTED = new Schema([new Field('affected_rows', new Int64(), true)]);
const BATCH = 1000;

/**
 * Serves a tiny language instead of SQL: `NUMBERS <rows>`, `SLOW NUMBERS <rows>`, `FOREVER`, `BREAK AFTER <rows>`, `PARAMETERS`, `WHO`,
 * `INSERT`, `SLOW INSERT`, `WRONG`, `CRASH`.
 */
export class FakeStatements implements StatementService {
  /** Executions of INSERT. */
  inserts = 0;
  /** Streams that were begun and not yet ended, and those that were stopped by their signal. */
  open = 0;
  aborted = 0;
  /** Batches that streams produced. */
  produced = 0;
  lastRequest: StatementRequest | undefined;
  /** How much of `SLOW NUMBERS` is done, and how often it was begun. */
  progress: number | undefined;
  slow = 0;
  readonly ingested: { target: IngestTarget; rows: unknown[][] }[] = [];
  readonly transactions: string[] = [];
  release: () => void = () => {};

  readonly metadata: MetadataService = {
    catalogs: async () => ['lake', 'archive'],
    schemas: async (_, { catalog }) =>
      [
        { catalog: 'lake', schema: 'demo' },
        { catalog: 'archive', schema: 'old' },
      ].filter((entry) => catalog === undefined || entry.catalog === catalog),
    tables: async (_, { includeSchema, tableTypes }) =>
      (
        [
          { catalog: 'lake', schema: 'demo', table: 'numbers', type: 'TABLE' },
          { catalog: 'lake', schema: 'demo', table: 'a_view', type: 'VIEW' },
        ] as const
      )
        .filter((entry) => tableTypes.length === 0 || tableTypes.includes(entry.type))
        .map((entry) => ({ ...entry, ...(includeSchema ? { arrowSchema: NUMBERS } : {}) })),
    primaryKeys: async (_, { table }) =>
      table === 'numbers' ? [{ catalog: 'lake', schema: 'demo', table, column: 'n', sequence: 1 }] : [],
  };

  async describe(call: Call, request: StatementRequest): Promise<StatementDescription> {
    const [verb = ''] = request.sql.split(' ');
    if (call.principal.roles.includes('less')) throw new SkuaError('PERMISSION_DENIED', 'this token opens less');
    if (verb === 'WRONG') throw new SkuaError('INVALID_ARGUMENT', 'syntax error at line 1, column 7: ünknöwn');
    if (verb === 'CRASH') throw new TypeError('a secret of the implementation');
    const update = request.sql.endsWith('INSERT');
    const parameters = verb === 'PARAMETERS' || update ? [new Field('1', new Int64(), true), unknown] : [];
    return {
      kind: update ? 'update' : 'query',
      statement: update ? 'INSERT' : verb,
      schema: update ? AFFECTED : verb === 'PARAMETERS' ? (request.parameters?.schema ?? NUMBERS) : NUMBERS,
      parameters: new Schema(parameters),
      pins: [{ catalog: 'lake', namespace: ['demo'], table: 'numbers', tableUuid: 'u', snapshotId: 7205594037927935n }],
    };
  }

  async query(call: Call, request: StatementRequest): Promise<StatementStream> {
    this.lastRequest = request;
    const { kind, schema } = await this.describe(call, request);
    if (kind === 'update') {
      const count = await this.#insert(call, request);
      return { schema, batches: from([rowsToBatch(schema, [[count]])]) };
    }
    if (request.sql.startsWith('SLOW')) {
      this.slow++;
      call.onProgress?.(() => this.progress);
      await this.#released(call);
    }
    return { schema, batches: this.#stream(call, request) };
  }

  async update(call: Call, request: StatementRequest): Promise<number> {
    this.lastRequest = request;
    if (!request.sql.endsWith('INSERT')) throw new SkuaError('INVALID_ARGUMENT', 'returns rows; run it as a query');
    return this.#insert(call, request);
  }

  async ingest(_: Call, target: IngestTarget, schema: Schema, batches: AsyncIterable<ColumnarBatch>): Promise<number> {
    const rows: unknown[][] = [];
    for await (const batch of batches) rows.push(...batchToRows(schema, batch));
    this.ingested.push({ target, rows });
    return rows.length;
  }

  async begin(): Promise<string> {
    this.transactions.push('begin');
    return `transaction ${this.transactions.length}`;
  }

  async commit(_: Call, transaction: string): Promise<void> {
    this.transactions.push(`commit ${transaction}`);
  }

  async rollback(_: Call, transaction: string): Promise<void> {
    this.transactions.push(`rollback ${transaction}`);
  }

  async #insert(call: Call, { sql, parameters }: StatementRequest): Promise<number> {
    if (sql.startsWith('SLOW')) await this.#released(call);
    const rows = parameters === undefined ? 1 : parameters.batches.reduce((sum, batch) => sum + batch.length, 0);
    this.inserts += rows;
    return rows;
  }

  #released(call: Call): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.release = resolve;
      call.signal.addEventListener('abort', () => reject(call.signal.reason));
    });
  }

  async *#stream(call: Call, { sql, parameters }: StatementRequest): AsyncGenerator<ColumnarBatch> {
    this.open++;
    try {
      if (sql === 'PARAMETERS') {
        yield* parameters?.batches ?? [];
        return;
      }
      if (sql === 'WHO') {
        yield rowsToBatch(NUMBERS, [[0n, call.session.id]]);
        return;
      }
      const rows = sql === 'FOREVER' ? Number.POSITIVE_INFINITY : Number(sql.split(' ').at(-1));
      for (let start = 0; start < rows; start += BATCH) {
        call.signal.throwIfAborted();
        this.produced++;
        yield numbers(start, Math.min(BATCH, rows - start));
        await new Promise(setImmediate);
      }
      if (sql.startsWith('BREAK')) throw new SkuaError('UNAVAILABLE', 'the store went away');
    } finally {
      this.open--;
      if (call.signal.aborted) this.aborted++;
    }
  }
}

const unknown = new Field('2', new Null(), true);

function numbers(start: number, length: number): ColumnarBatch {
  return rowsToBatch(
    NUMBERS,
    Array.from({ length }, (_, i) => [BigInt(start + i), i % 7 === 0 ? null : `row ${start + i}`]),
  );
}

async function* from<T>(values: T[]): AsyncGenerator<T> {
  yield* values;
}

export const HOUR = 3_600_000;

/** Tokens are `<name>.is.good`, or `<name>.opens.less` for the same name. */
export async function authenticate(token: string): Promise<Principal> {
  const name = /^(\w+)\.(?:is\.good|opens\.less)$/.exec(token)?.[1];
  if (name === undefined) throw new SkuaError('UNAUTHENTICATED', 'The token is signed with an unknown key.');
  return {
    issuer: 'https://issuer',
    subject: name,
    name,
    roles: token.endsWith('less') ? ['less'] : [],
    expiresAt: Date.now() + HOUR,
    token: new BearerToken(token),
  };
}

export interface Fixture {
  admission: Admission;
  statements: FakeStatements;
  sessions: SessionStore;
  server: FlightServer;
  port: number;
  calls: CallRecord[];
  /** Everything that was logged. */
  log: { level: string; entry: object }[];
  stop(): Promise<void>;
}

type FixtureOptions = Partial<Omit<FlightServerOptions, 'admission' | 'limits'>> & {
  authenticator?: Authenticator;
  limits?: AdmissionLimits & FlightServerOptions['limits'];
};

export async function startFixture(options: FixtureOptions = {}, port = 0): Promise<Fixture> {
  const statements = new FakeStatements();
  const sessions = createSessionStore({ idleTimeout: HOUR, perPrincipal: 8, total: 100, key: Buffer.alloc(32, 1) });
  const calls: CallRecord[] = [];
  const log: Fixture['log'] = [];
  const { authenticator = { authenticate, issuers: [] }, limits = {}, ...rest } = options;
  const admission = new Admission({
    authenticator,
    sessions,
    limits,
    logger: {
      info: (entry) => void log.push({ level: 'info', entry }),
      error: (entry) => void log.push({ level: 'error', entry }),
    },
    onCall: (record) => void calls.push(record),
  });
  const server = createFlightServer({ admission, statements, limits, version: '0.0.0-test', ...rest });
  return {
    admission,
    statements,
    sessions,
    server,
    port: await server.listen('127.0.0.1', port),
    calls,
    log,
    async stop() {
      await server.close();
      await sessions.close();
    },
  };
}
