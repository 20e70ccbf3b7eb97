import { LRUCache } from 'lru-cache';
import type { ColumnarBatch } from '../../../arrow/index.js';
import { SkuaError } from '../../../errors.js';
import type { WrittenFile } from '../../../parquet/index.js';
import type { BoundStatement } from '../../contract.js';
import type {
  ColumnRequest,
  ColumnValues,
  DescribeOptions,
  EngineInstance,
  ExplainOptions,
  ParameterRow,
  ParsedQuery,
  ParseOptions,
  PlanOperator,
  QueryDescription,
  ResultStream,
  RunOptions,
  ScanDemand,
  SqlParser,
  SyntaxNode,
  TableBinding,
  TableScan,
  UnreadableFile,
  WriteOptions,
} from '../contract.js';
import {
  BatchWriter,
  schemaFrom,
  wireDescribeOptions,
  wireParameters,
  wireScan,
  wireSchema,
  wireTable,
  wireWriteOptions,
} from '../protocol/index.js';
import { isSteady } from '../steady-text.js';
import { type Attempt, cancelled, type Home, type InstanceHost } from './instance-host.js';
import type { RequestContext } from './pending-requests.js';
import type { PlannedTexts } from './planned-texts.js';
import type { RemoteResult } from './remote-result.js';

/** Characters of parsed texts that are kept. */
const PARSED_CHARACTERS = 8 * 2 ** 20;

/** Parsed texts, for all instances: what a text says hangs on nothing else. */
export type ParsedTexts = LRUCache<string, ParsedQuery>;

export function parsedTexts(): ParsedTexts {
  return new LRUCache({ maxSize: PARSED_CHARACTERS, sizeCalculation: (_, sql) => sql.length + 500 });
}

/** What is known of texts, for all instances. */
export interface KnownTexts {
  parsed: ParsedTexts;
  planned: PlannedTexts;
}

/** Small values that a request carries need no shared memory. */
const inline = new BatchWriter(undefined);

type OfStatement = Pick<BoundStatement, 'id' | 'timeZone' | 'onProfile'>;

/** An instance in an engine process, for one statement. */
export class RemoteInstance implements EngineInstance {
  readonly #host: InstanceHost;
  readonly #known: KnownTexts;
  readonly #statement: string | undefined;
  readonly #timeZone: string | undefined;
  readonly #onProfile: BoundStatement['onProfile'];
  readonly parser: SqlParser = {
    parseQuery: (sql, options) => this.#parse(sql, options),
    syntaxTree: async (sql, { statement = this.#statement, signal } = {}) => {
      const ask = ({ process }: Home, context: RequestContext) =>
        process.request('syntaxTree', context, () => ({ sql }));
      return (await this.#host.attempt({ sql, statement, signal, isRepeatable: true }, ask)) as SyntaxNode;
    },
  };

  constructor(host: InstanceHost, known: KnownTexts, { id, timeZone, onProfile }: OfStatement = {}) {
    this.#host = host;
    this.#known = known;
    this.#statement = id;
    this.#timeZone = timeZone;
    this.#onProfile = onProfile;
  }

  forStatement(statement: OfStatement): RemoteInstance {
    return new RemoteInstance(this.#host, this.#known, statement);
  }

  async describe(
    sql: string,
    tables: TableBinding[],
    signal?: AbortSignal,
    options: DescribeOptions = {},
  ): Promise<QueryDescription> {
    const takes = {
      sql,
      tables: tables.map(wireTable),
      options: wireDescribeOptions(options, inline),
      timeZone: this.#timeZone,
    };
    const ask = () =>
      this.#attempt({ sql, signal, isRepeatable: true }, ({ process }, context) =>
        process.request('describe', context, () => takes),
      );
    const isPlain = options.bound === undefined && options.into === undefined;
    const { planned } = this.#known;
    const { schema, parameters, types } = await (isPlain ? planned.get('describe', takes, ask) : ask());
    return { schema: schemaFrom(schema), parameters: schemaFrom(parameters), types };
  }

  async demand(
    sql: string,
    tables: TableBinding[],
    parameters?: ParameterRow,
    signal?: AbortSignal,
  ): Promise<ScanDemand[]> {
    const takes = {
      sql,
      tables: tables.map(wireTable),
      parameters: wireParameters(parameters, inline),
      timeZone: this.#timeZone,
    };
    const ask = () =>
      this.#attempt({ sql, signal, isRepeatable: true }, ({ process }, context) =>
        process.request('demand', context, () => takes),
      );
    const isPlain = parameters === undefined && tables.every(({ functions }) => functions === undefined);
    const { planned } = this.#known;
    const demands = await (isPlain && isSteady(sql) ? planned.get('demand', takes, ask) : ask());
    return demands as ScanDemand[];
  }

  async columnValues(scan: TableScan, request: ColumnRequest, signal?: AbortSignal): Promise<ColumnValues | undefined> {
    const { fetch, ...rest } = request;
    const values = await this.#attempt({ signal, isRepeatable: isRepeatable([scan]) }, ({ process }, context) =>
      process.request('columnValues', { ...context, fetch }, (offer) => ({
        scan: wireScan(scan, offer),
        request: rest,
      })),
    );
    return values as ColumnValues | undefined;
  }

  unreadable(scan: TableScan, signal?: AbortSignal): Promise<UnreadableFile[]> {
    return this.#attempt({ signal, isRepeatable: isRepeatable([scan]) }, ({ process }, context) =>
      process.request('unreadable', context, (offer) => ({ scan: wireScan(scan, offer) })),
    );
  }

  async decode(scan: TableScan, path: string, signal?: AbortSignal): Promise<void> {
    await this.#attempt({ signal, isRepeatable: false }, ({ process }, context) =>
      process.request('decode', context, (offer) => ({ scan: wireScan(scan, offer), path })),
    );
  }

  explain(
    sql: string,
    scans: TableScan[],
    { analyze, signal, fetch }: ExplainOptions,
    parameters?: ParameterRow,
  ): Promise<PlanOperator> {
    return this.#attempt({ sql, signal, isRepeatable: isRepeatable(scans) }, ({ process }, context) =>
      process.request('explain', { ...context, fetch }, (offer) => ({
        sql,
        scans: scans.map((scan) => wireScan(scan, offer)),
        analyze,
        parameters: wireParameters(parameters, inline),
        timeZone: this.#timeZone,
      })),
    );
  }

  async run(sql: string, scans: TableScan[], options: RunOptions): Promise<ResultStream> {
    const { signal, batchBytes, lend = false, onProgress, fetch } = options;
    let done: number | undefined;
    onProgress?.(() => done);
    const keepProgress =
      onProgress &&
      ((part: number) => {
        done = part;
      });
    const { schema, result } = await this.#attempt(
      { sql, signal, isRepeatable: isRepeatable(scans) },
      ({ process }, context) =>
        process.run(
          { ...context, fetch, onProfile: this.#onProfile },
          (offer) => ({
            sql,
            scans: scans.map((scan) => wireScan(scan, offer)),
            parameters: wireParameters(options.parameters, inline),
            schema: options.schema && wireSchema(options.schema),
            batchBytes,
            timeZone: this.#timeZone,
          }),
          keepProgress,
        ),
    );
    const { results } = this.#host;
    results.add(result);
    const leave = () => {
      results.delete(result);
      // Otherwise one that nobody began to read would hold memory of its process for ever.
      result.lose(new SkuaError('CANCELLED', 'the query was cancelled'));
    };
    signal.addEventListener('abort', leave, { once: true });
    return {
      schema: schemaFrom(schema),
      batches: {
        [Symbol.asyncIterator]: () =>
          this.#read(result, { lend, signal, onEnd: () => signal.removeEventListener('abort', leave) }),
      },
    };
  }

  async writeParquet(sql: string, scans: TableScan[], options: WriteOptions): Promise<WrittenFile[]> {
    const files = await this.#attempt({ sql, signal: options.signal, isRepeatable: false }, ({ process }, context) =>
      process.request('write', { ...context, fetch: options.fetch, onProfile: this.#onProfile }, (offer) => ({
        sql,
        scans: scans.map((scan) => wireScan(scan, offer)),
        options: wireWriteOptions(options, inline),
        profile: this.#onProfile !== undefined,
        timeZone: this.#timeZone,
      })),
    );
    return files as WrittenFile[];
  }

  close(): Promise<void> {
    return this.#host.close();
  }

  /** A stream that was told to stop says so, whatever became of its process. */
  async *#read(result: RemoteResult, { lend, signal, onEnd }: Reading): AsyncGenerator<ColumnarBatch> {
    try {
      yield* result.batches(lend);
    } catch (error) {
      throw signal.aborted ? cancelled(error, signal) : error;
    } finally {
      this.#host.results.delete(result);
      onEnd();
    }
  }

  async #parse(sql: string, { statement = this.#statement, signal }: ParseOptions = {}): Promise<ParsedQuery> {
    const known = this.#known.parsed.get(sql);
    if (known) return known;
    const parsed = await this.#host.attempt({ sql, statement, signal, isRepeatable: true }, ({ process }, context) =>
      process.request('parse', context, () => ({ sql })),
    );
    this.#known.parsed.set(sql, parsed as ParsedQuery);
    return parsed as ParsedQuery;
  }

  #attempt<T>(attempt: Attempt, work: (home: Home, context: RequestContext) => Promise<T>): Promise<T> {
    return this.#host.attempt({ ...attempt, statement: this.#statement }, work);
  }
}

interface Reading {
  lend: boolean;
  signal: AbortSignal;
  onEnd: () => void;
}

/** Rows that can be read only once serve one attempt. */
function isRepeatable(scans: readonly TableScan[]): boolean {
  return scans.every(({ source }) => source?.kind !== 'batches' || Array.isArray(source.batches));
}
