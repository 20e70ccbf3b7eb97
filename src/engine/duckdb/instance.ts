import { SkuaError } from '../../errors.js';
import type { WrittenFile } from '../../parquet/index.js';
import type {
  ColumnRequest,
  ColumnValues,
  DescribeOptions,
  EngineInstance,
  ExplainOptions,
  FetchMissing,
  InstanceOptions,
  ParameterRow,
  QueryDescription,
  ResultStream,
  RunOptions,
  ScanDemand,
  TableBinding,
  TableScan,
  UnreadableFile,
  WriteOptions,
} from '../contract.js';
import { InstanceBudget, type MemoryBudget } from './budget/index.js';
import { Database } from './native/database.js';
import { quoteText } from './native/text.js';
import { columnValues } from './planning/column-values.js';
import type { Planner } from './planning/planner.js';
import type { ResultMemory } from './results/buffer-allocator.js';
import { startQuery } from './results/query.js';
import { schemaOf } from './results/stream.js';
import { attachScans } from './scans/attach.js';
import { fetchMissing } from './scans/missing-columns.js';
import { unreadableFiles } from './scans/unreadable-files.js';
import { commonConfiguration, commonSettings, lock } from './settings.js';
import { bindParameters, textFor } from './types/parameters.js';
import { Use } from './use.js';
import { writeFiles } from './writing/write.js';

export class DuckDbInstance implements Omit<EngineInstance, 'parser'> {
  /** What is under way, and how to end it. */
  private readonly running = new Set<() => Promise<void>>();
  private closing: Promise<void> | undefined;
  private whenClosed: () => void = () => undefined;

  private constructor(
    private readonly database: Database,
    private readonly planner: Planner,
    private readonly budget: InstanceBudget,
    private readonly emptyFile: string,
  ) {}

  /** The instance's memory is part of the process's, where that is limited. */
  static async open(
    options: Omit<InstanceOptions, 'principal'>,
    planner: Planner,
    memory?: MemoryBudget,
  ): Promise<DuckDbInstance> {
    const database = await Database.open({ ...commonConfiguration, threads: String(options.threads) });
    const connection = database.connect();
    const emptyFile = `${options.directory}/.empty.parquet`;
    try {
      const statements = [
        `COPY (SELECT NULL AS nothing WHERE false) TO ${quoteText(emptyFile)} (FORMAT parquet)`,
        `SET GLOBAL memory_limit = '${Math.floor(options.memoryLimit)}B'`,
        `SET GLOBAL temp_directory = ${quoteText(`${options.directory}/.spill`)}`,
        ...(options.spillLimit === undefined
          ? []
          : [`SET GLOBAL max_temp_directory_size = '${Math.floor(options.spillLimit)}B'`]),
        ...commonSettings,
        `SET GLOBAL allowed_directories = [${quoteText(`${options.directory}/`)}]`,
        // Grows and shrinks with the number of sessions at work.
        "SET GLOBAL allowed_configs = ['memory_limit']",
        ...lock,
      ];
      for (const statement of statements) await connection.execute(statement);
      await connection.close();
    } catch (error) {
      await connection.close();
      await database.close();
      throw error;
    }
    return new DuckDbInstance(database, planner, new InstanceBudget(database, options.memoryLimit, memory), emptyFile);
  }

  describe(
    sql: string,
    tables: TableBinding[],
    signal?: AbortSignal,
    options?: DescribeOptions,
  ): Promise<QueryDescription> {
    return this.planner.describe(sql, tables, signal, options);
  }

  demand(sql: string, tables: TableBinding[], parameters?: ParameterRow, signal?: AbortSignal): Promise<ScanDemand[]> {
    return this.planner.demand(sql, tables, parameters, signal);
  }

  columnValues(scan: TableScan, request: ColumnRequest, signal?: AbortSignal): Promise<ColumnValues | undefined> {
    const use = this.use(signal);
    return use.finish(async () => {
      const names = await attachScans(use.connection, [scan], this.emptyFile);
      use.check();
      const ready = (sql: string) => fetchMissing(use.connection, { sql, scans: [scan], names }, request.fetch);
      return columnValues(use.connection, scan, request, ready);
    });
  }

  async explain(sql: string, scans: TableScan[], options: ExplainOptions, parameters?: ParameterRow): Promise<string> {
    const use = this.use(options.signal);
    return use.finish(async () => {
      await this.attach(use, { sql, scans, parameters, fetch: options.analyze ? options.fetch : nothing });
      const prefix = options.analyze ? 'EXPLAIN ANALYZE ' : 'EXPLAIN ';
      const { text, source } = textFor(sql, parameters, prefix);
      const statement = await use.connection.prepare(text, source);
      try {
        bindParameters(statement, parameters);
        const rows = await statement.rows(source);
        return withoutFileNames(rows.map((row) => row.at(-1) ?? '').join('\n'));
      } finally {
        statement.close();
      }
    });
  }

  unreadable(scan: TableScan, signal?: AbortSignal): Promise<UnreadableFile[]> {
    const use = this.use(signal);
    return use.finish(() => unreadableFiles(use, scan, this.emptyFile));
  }

  /** `memory` is where the batches lie. */
  async run(sql: string, scans: TableScan[], options: RunOptions, memory?: ResultMemory): Promise<ResultStream> {
    const use = this.use(options.signal);
    const { result, columns } = await use.attempt(async () => {
      const text = textFor(sql, options.parameters);
      const fixed = await this.planner.fixedColumns(text.text, scans, options.signal);
      await this.attach(use, { sql, scans, parameters: options.parameters, fetch: options.fetch });
      if (options.onProgress) await use.trackProgress(options.onProgress);
      use.check();
      return startQuery(use.connection, text, { parameters: options.parameters, fixed, announced: options.schema });
    });
    const end = async () => {
      await result.close();
      await use.end();
    };
    use.stopWith(end);
    return {
      schema: schemaOf(columns),
      batches: { [Symbol.asyncIterator]: () => use.untilEnd(result.batches(options.batchBytes, memory), end) },
    };
  }

  writeParquet(sql: string, scans: TableScan[], options: WriteOptions): Promise<WrittenFile[]> {
    const use = this.use(options.signal);
    return use.finish(async () => {
      await this.attach(use, { sql, scans, parameters: options.parameters, fetch: options.fetch });
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

  /** Attaches the scans, and has fetched what the text reads of them. */
  private async attach(use: Use, { sql, scans, parameters, fetch }: AttachedText): Promise<void> {
    const names = await attachScans(use.connection, scans, this.emptyFile);
    use.check();
    await fetchMissing(use.connection, { sql, scans, parameters, names }, fetch);
  }

  private async shutDown(): Promise<void> {
    await Promise.all([...this.running].map((stop) => stop()));
    await this.database.close();
    this.whenClosed();
  }

  private use(signal: AbortSignal | undefined): Use {
    if (this.closing) throw new SkuaError('CANCELLED', 'the session has ended');
    return new Use(this.database.connect(), this.running, this.budget, signal);
  }
}

interface AttachedText {
  sql: string;
  scans: readonly TableScan[];
  parameters: ParameterRow | undefined;
  fetch: FetchMissing | undefined;
}

/** Of a text that is only planned. */
const nothing: FetchMissing = async () => undefined;

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
