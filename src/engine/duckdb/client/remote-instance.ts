import { LRUCache } from 'lru-cache';
import type { ColumnarBatch } from '../../../arrow/index.js';
import { SkuaError } from '../../../errors.js';
import type { WrittenFile } from '../../../parquet/index.js';
import type {
  ColumnRequest,
  ColumnValues,
  DescribeOptions,
  EngineInstance,
  ExplainOptions,
  InstanceOptions,
  ParameterRow,
  ParsedQuery,
  QueryDescription,
  ResultStream,
  RunOptions,
  ScanDemand,
  SqlParser,
  TableBinding,
  TableScan,
  UnreadableFile,
  WriteOptions,
} from '../../contract.js';
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
import type { EngineProcess, RequestContext } from './engine-process.js';
import type { Placement } from './placement.js';
import { ProcessEndedError } from './process-end.js';
import type { RemoteResult } from './remote-result.js';

/** How often a statement that another one may have ended is begun again. */
const MOST_TRIES = 3;
/** Characters of parsed texts that are kept. */
const PARSED_CHARACTERS = 8 * 2 ** 20;

/** Parsed texts, for all instances: what a text says hangs on nothing else. */
export type ParsedTexts = LRUCache<string, ParsedQuery>;

export function parsedTexts(): ParsedTexts {
  return new LRUCache({ maxSize: PARSED_CHARACTERS, sizeCalculation: (_, sql) => sql.length + 500 });
}

interface Home {
  process: EngineProcess;
  number: number;
}

/** Small values that a request carries need no shared memory. */
const inline = new BatchWriter(undefined);

let instances = 0;

/** An instance in an engine process. When that ends, the instance opens in another at its next use; nothing that a client sees lives in it. */
export class RemoteInstance implements EngineInstance {
  readonly parser: SqlParser = {
    parseQuery: (sql) => this.parse(sql),
  };
  private home: Promise<Home> | undefined;
  private closed = false;
  /** Results that may still be read. */
  private readonly results = new Set<RemoteResult>();
  private readonly principal: string;
  private readonly options: Omit<InstanceOptions, 'principal'>;

  constructor(
    private readonly placement: Placement,
    private readonly parsed: ParsedTexts,
    { principal, ...options }: InstanceOptions,
  ) {
    this.principal = principal;
    this.options = options;
  }

  async describe(
    sql: string,
    tables: TableBinding[],
    signal?: AbortSignal,
    options: DescribeOptions = {},
  ): Promise<QueryDescription> {
    const takes = { sql, tables: tables.map(wireTable), options: wireDescribeOptions(options, inline) };
    const { schema, parameters, types } = await this.attempt(sql, signal, true, ({ process }, context) =>
      process.request('describe', context, () => takes),
    );
    return { schema: schemaFrom(schema), parameters: schemaFrom(parameters), types };
  }

  async demand(
    sql: string,
    tables: TableBinding[],
    parameters?: ParameterRow,
    signal?: AbortSignal,
  ): Promise<ScanDemand[]> {
    const takes = { sql, tables: tables.map(wireTable), parameters: wireParameters(parameters, inline) };
    const demands = await this.attempt(sql, signal, true, ({ process }, context) =>
      process.request('demand', context, () => takes),
    );
    return demands as ScanDemand[];
  }

  async columnValues(scan: TableScan, request: ColumnRequest, signal?: AbortSignal): Promise<ColumnValues | undefined> {
    const { fetch, ...rest } = request;
    const values = await this.attempt(undefined, signal, isRepeatable([scan]), ({ process }, context) =>
      process.request('columnValues', { ...context, fetch }, (offer) => ({
        scan: wireScan(scan, offer),
        request: rest,
      })),
    );
    return values as ColumnValues | undefined;
  }

  unreadable(scan: TableScan, signal?: AbortSignal): Promise<UnreadableFile[]> {
    return this.attempt(undefined, signal, isRepeatable([scan]), ({ process }, context) =>
      process.request('unreadable', context, (offer) => ({ scan: wireScan(scan, offer) })),
    );
  }

  explain(
    sql: string,
    scans: TableScan[],
    { analyze, signal, fetch }: ExplainOptions,
    parameters?: ParameterRow,
  ): Promise<string> {
    return this.attempt(sql, signal, isRepeatable(scans), ({ process }, context) =>
      process.request('explain', { ...context, fetch }, (offer) => ({
        sql,
        scans: scans.map((scan) => wireScan(scan, offer)),
        analyze,
        parameters: wireParameters(parameters, inline),
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
    const { schema, result } = await this.attempt(sql, signal, isRepeatable(scans), ({ process }, context) =>
      process.run(
        { ...context, fetch },
        (offer) => ({
          sql,
          scans: scans.map((scan) => wireScan(scan, offer)),
          parameters: wireParameters(options.parameters, inline),
          schema: options.schema && wireSchema(options.schema),
          batchBytes,
        }),
        keepProgress,
      ),
    );
    this.results.add(result);
    signal.addEventListener('abort', () => this.results.delete(result), { once: true });
    return {
      schema: schemaFrom(schema),
      batches: { [Symbol.asyncIterator]: () => this.read(result, lend, signal) },
    };
  }

  async writeParquet(sql: string, scans: TableScan[], options: WriteOptions): Promise<WrittenFile[]> {
    const files = await this.attempt(sql, options.signal, false, ({ process }, context) =>
      process.request('write', { ...context, fetch: options.fetch }, (offer) => ({
        sql,
        scans: scans.map((scan) => wireScan(scan, offer)),
        options: wireWriteOptions(options, inline),
      })),
    );
    return files as WrittenFile[];
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    const ended = new SkuaError('CANCELLED', 'the session has ended');
    await Promise.all([...this.results].map((result) => result.abandon(ended)));
    const home = await this.home?.catch(() => undefined);
    if (home) await this.leave(home);
  }

  /** Closes the instance there, with what runs in it. */
  private async leave({ process, number }: Home): Promise<void> {
    process.instances.delete(number);
    // With a process that has ended, or is about to, the instance has ended too.
    await process.request('close', this.context(number), () => ({})).catch(() => undefined);
  }

  /** A stream that was told to stop says so, whatever became of its process. */
  private async *read(result: RemoteResult, lend: boolean, signal: AbortSignal): AsyncGenerator<ColumnarBatch> {
    try {
      yield* result.batches(lend);
    } catch (error) {
      throw signal.aborted ? cancelled(error) : error;
    } finally {
      this.results.delete(result);
    }
  }

  private async parse(sql: string): Promise<ParsedQuery> {
    const known = this.parsed.get(sql);
    if (known) return known;
    const parsed = await this.attempt(sql, undefined, true, ({ process }, context) =>
      process.request('parse', context, () => ({ sql })),
    );
    this.parsed.set(sql, parsed as ParsedQuery);
    return parsed as ParsedQuery;
  }

  /** Does the work in the instance's process; once more in another where that may have ended through somebody else's statement. */
  private async attempt<T>(
    sql: string | undefined,
    signal: AbortSignal | undefined,
    isRepeatable: boolean,
    work: (home: Home, context: RequestContext) => Promise<T>,
  ): Promise<T> {
    for (let tries = 1; ; tries++) {
      if (sql !== undefined) this.placement.fatalTexts.check(sql);
      try {
        const home = await this.settle();
        return await work(home, { ...this.context(home.number), signal });
      } catch (error) {
        if (signal?.aborted) throw cancelled(error);
        if (this.closed) throw new SkuaError('CANCELLED', 'the session has ended');
        const isAgain = error instanceof ProcessEndedError && error.mayBeInnocent;
        if (!isAgain || !isRepeatable || tries === MOST_TRIES) throw error;
      }
    }
  }

  private context(number: number): RequestContext {
    return { instance: number, principal: this.principal };
  }

  /** Where the instance is open: in a process that is fit for its principal. */
  private async settle(): Promise<Home> {
    for (;;) {
      if (this.closed) throw new SkuaError('CANCELLED', 'the session has ended');
      const current = this.home;
      const home = await current?.catch(() => undefined);
      if (home && this.placement.suits(home.process, this.principal)) return home;
      if (this.home !== current) continue;
      this.home = this.open();
      if (home) void this.leave(home);
      return this.home;
    }
  }

  private async open(): Promise<Home> {
    const number = ++instances;
    const process = await this.placement.place(this.principal, number);
    void process.gone.then(() => process.instances.delete(number));
    await process.request('open', this.context(number), () => ({ options: this.options }));
    return { process, number };
  }
}

function cancelled(error: unknown): unknown {
  return error instanceof ProcessEndedError ? new SkuaError('CANCELLED', 'the query was cancelled') : error;
}

/** Rows that can be read only once serve one attempt. */
function isRepeatable(scans: readonly TableScan[]): boolean {
  return scans.every(({ source }) => source?.kind !== 'batches' || Array.isArray(source.batches));
}
