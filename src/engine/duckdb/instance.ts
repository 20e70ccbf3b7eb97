import { SkuaError } from '../../errors.js';
import type {
  EngineInstance,
  InstanceOptions,
  ParameterRow,
  QueryDescription,
  ResultStream,
  RunOptions,
  ScanDemand,
  TableBinding,
  TableScan,
  WriteOptions,
  WrittenFile,
} from '../contract.js';
import { type Connection, Database } from './database.js';
import { duckdb } from './library.js';
import { bindParameters } from './parameters.js';
import type { Planner } from './planner.js';
import { attachScans, startQuery } from './query.js';
import { commonConfiguration, commonSettings, interruptInterval, lock } from './settings.js';
import { cancelled, schemaOf } from './stream.js';
import { quoteText } from './text.js';
import { writeFiles } from './write.js';

export class DuckDbInstance implements EngineInstance {
  /** What is under way, and how to end it. */
  private readonly running = new Set<() => Promise<void>>();
  private closing: Promise<void> | undefined;
  private whenClosed: () => void = () => undefined;

  private constructor(
    private readonly database: Database,
    private readonly planner: Planner,
  ) {}

  static async open(options: InstanceOptions, planner: Planner): Promise<DuckDbInstance> {
    const database = await Database.open({ ...commonConfiguration, threads: String(options.threads) });
    const connection = database.connect();
    try {
      const statements = [
        `SET GLOBAL memory_limit = '${Math.floor(options.memoryLimit)}B'`,
        `SET GLOBAL temp_directory = ${quoteText(`${options.directory}/.spill`)}`,
        ...commonSettings,
        `SET GLOBAL allowed_directories = [${quoteText(`${options.directory}/`)}]`,
        ...lock,
      ];
      for (const statement of statements) await connection.execute(statement);
      await connection.close();
    } catch (error) {
      await connection.close();
      await database.close();
      throw error;
    }
    return new DuckDbInstance(database, planner);
  }

  describe(sql: string, tables: TableBinding[], signal?: AbortSignal): Promise<QueryDescription> {
    return this.planner.describe(sql, tables, signal);
  }

  demand(sql: string, tables: TableBinding[], parameters?: ParameterRow, signal?: AbortSignal): Promise<ScanDemand[]> {
    return this.planner.demand(sql, tables, parameters, signal);
  }

  async explain(
    sql: string,
    scans: TableScan[],
    options: { analyze: boolean; signal?: AbortSignal },
    parameters?: ParameterRow,
  ): Promise<string> {
    const use = this.use(options.signal);
    return use.finish(async () => {
      await attachScans(use.connection, scans);
      const prefix = options.analyze ? 'EXPLAIN ANALYZE ' : 'EXPLAIN ';
      const source = { sql, prefixBytes: prefix.length };
      const statement = await use.connection.prepare(prefix + sql, source);
      try {
        bindParameters(statement, parameters);
        const rows = await statement.rows(source);
        return withoutFileNames(rows.map((row) => row.at(-1) ?? '').join('\n'));
      } finally {
        statement.close();
      }
    });
  }

  async run(sql: string, scans: TableScan[], options: RunOptions): Promise<ResultStream> {
    const use = this.use(options.signal);
    const { result, columns } = await use.attempt(async () => {
      await attachScans(use.connection, scans);
      use.check();
      return startQuery(use.connection, sql, options.parameters);
    });
    const end = async () => {
      await result.close();
      await use.end();
    };
    use.stopWith(end);
    return {
      schema: schemaOf(columns),
      progress: () => use.progress(),
      batches: { [Symbol.asyncIterator]: () => ending(result.batches(options.batchBytes), end) },
    };
  }

  writeParquet(sql: string, scans: TableScan[], options: WriteOptions): Promise<WrittenFile[]> {
    const use = this.use(options.signal);
    return use.finish(async () => {
      await attachScans(use.connection, scans);
      use.check();
      return writeFiles(use.connection, sql, options);
    });
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  /** Sets what is called once the instance has closed. */
  onClose(listener: () => void): void {
    this.whenClosed = listener;
  }

  private async shutDown(): Promise<void> {
    await Promise.all([...this.running].map((stop) => stop()));
    await this.database.close();
    this.whenClosed();
  }

  private use(signal: AbortSignal | undefined): Use {
    if (this.closing) throw new SkuaError('CANCELLED', 'the session has ended');
    return new Use(this.database.connect(), this.running, signal);
  }
}

/** One connection from its first statement to its last. */
class Use {
  private readonly ended: Promise<void>;
  private resolveEnded: () => void = () => undefined;
  private ending: Promise<void> | undefined;
  private stopping = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly stop = () => this.interruptUntilEnded();
  private stopStream: (() => Promise<void>) | undefined;

  constructor(
    readonly connection: Connection,
    private readonly running: Set<() => Promise<void>>,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.ended = new Promise((resolve) => {
      this.resolveEnded = resolve;
    });
    running.add(this.stop);
    signal?.addEventListener('abort', this.stop);
    if (signal?.aborted) this.stopping = true;
  }

  /** Throws CANCELLED once the query has been told to stop. */
  check(): void {
    if (this.stopping) throw cancelled();
  }

  /** Runs the work; if it fails, the use has ended. */
  async attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      this.check();
      return await work();
    } catch (error) {
      await this.end();
      throw this.stopping ? cancelled() : error;
    }
  }

  /** Runs the work, which is all of the use. */
  async finish<T>(work: () => Promise<T>): Promise<T> {
    const result = await this.attempt(work);
    await this.end();
    return result;
  }

  /** From now on a stream owns the use and knows how to end it. */
  stopWith(end: () => Promise<void>): void {
    this.stopStream = end;
    if (this.timer) clearInterval(this.timer);
    if (this.stopping) void end();
  }

  progress(): number | undefined {
    if (this.ending) return undefined;
    const percent = duckdb().duckdb_query_progress(this.connection.pointer).percentage;
    return percent < 0 ? undefined : Math.min(percent / 100, 1);
  }

  end(): Promise<void> {
    this.ending ??= this.release();
    return this.ending;
  }

  private async release(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    this.signal?.removeEventListener('abort', this.stop);
    await this.connection.close();
    this.running.delete(this.stop);
    this.resolveEnded();
  }

  private async interruptUntilEnded(): Promise<void> {
    this.stopping = true;
    if (this.stopStream) return this.stopStream();
    this.connection.interrupt();
    this.timer ??= setInterval(() => this.connection.interrupt(), interruptInterval);
    return this.ended;
  }
}

/** The items of a generator; however reading ends, `end` is called. */
async function* ending<T>(items: AsyncGenerator<T>, end: () => Promise<void>): AsyncGenerator<T> {
  try {
    yield* items;
  } finally {
    await end();
  }
}

/** The plan without the lines that name local files. */
function withoutFileNames(plan: string): string {
  let inside = false;
  const kept = plan.split('\n').filter((line) => {
    if (line.includes('Filename(s):')) inside = true;
    else if (inside && /^[│\s]*$/.test(line)) inside = false;
    return !inside;
  });
  return kept.join('\n');
}
