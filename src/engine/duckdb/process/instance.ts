import { SkuaError } from '../../../errors.js';
import type { WrittenFile } from '../../../parquet/index.js';
import type {
  ColumnRequest,
  ColumnValues,
  DescribeOptions,
  EngineInstance,
  EngineProfile,
  ExplainOptions,
  FetchMissing,
  InstanceOptions,
  ParameterRow,
  PlanOperator,
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
import { type Connection, Database } from './native/database.js';
import { quoteText } from './native/text.js';
import { columnValues } from './planning/column-values.js';
import { explainedPlan } from './planning/explained-plan.js';
import type { Planner } from './planning/planner.js';
import { readProfile } from './planning/run-profile.js';
import { ReadyConnections } from './ready-connections.js';
import type { ResultMemory } from './results/buffer-allocator.js';
import { startQuery } from './results/query.js';
import { schemaOf } from './results/stream.js';
import { inTimeZone } from './results/time-zone.js';
import { type AttachedScans, attachDefined, attachScans, defineScans, type ScanDefinitions } from './scans/attach.js';
import { AttachedDatabases } from './scans/attached-databases.js';
import { CompleteTexts } from './scans/complete-texts.js';
import { decodeColumns } from './scans/decode.js';
import { fetchMissing } from './scans/missing-columns.js';
import { unreadableFiles } from './scans/unreadable-files.js';
import { commonConfiguration, commonSettings, lock, profileStatements, setTimeZone } from './settings.js';
import { bindParameters, textFor } from './types/parameters.js';
import { Use } from './use.js';
import { writeFiles } from './writing/write.js';

export class DuckDbInstance implements Omit<EngineInstance, 'parser' | 'forStatement'> {
  readonly #parts: Parts;
  readonly #planner: Planner;
  readonly #timeZone: string | undefined;

  private constructor(parts: Parts, timeZone?: string) {
    this.#parts = parts;
    this.#planner = parts.planner.inTimeZone(timeZone);
    this.#timeZone = timeZone;
  }

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
        ...(options.disabledOptimizers
          ? [`SET GLOBAL disabled_optimizers = ${quoteText(options.disabledOptimizers)}`]
          : []),
        `SET GLOBAL allowed_directories = [${quoteText(`${options.directory}/`)}]`,
        // Memory grows and shrinks with the number of sessions at work; the zone, and whether it is profiled, is a statement's.
        ...lock("'memory_limit', 'TimeZone', 'enable_profiling', 'profiling_coverage', 'custom_profiling_settings'"),
      ];
      await connection.execute(statements.join(';\n'));
      await connection.close();
    } catch (error) {
      await connection.close();
      await database.close();
      throw error;
    }
    return new DuckDbInstance({
      database,
      planner,
      budget: new InstanceBudget(database, options.memoryLimit, memory),
      emptyFile,
      databases: new AttachedDatabases(() => database.connect()),
      ready: new ReadyConnections(),
      complete: new CompleteTexts(),
      running: new Set(),
      whenClosed: () => undefined,
    });
  }

  /** The same instance, whose texts run in a time zone; in UTC without one. */
  inTimeZone(timeZone: string | undefined): DuckDbInstance {
    return timeZone === this.#timeZone ? this : new DuckDbInstance(this.#parts, timeZone);
  }

  describe(
    sql: string,
    tables: TableBinding[],
    signal?: AbortSignal,
    options?: DescribeOptions,
  ): Promise<QueryDescription> {
    return this.#planner.describe(sql, tables, signal, options);
  }

  demand(sql: string, tables: TableBinding[], parameters?: ParameterRow, signal?: AbortSignal): Promise<ScanDemand[]> {
    return this.#planner.demand(sql, tables, parameters, signal);
  }

  columnValues(scan: TableScan, request: ColumnRequest, signal?: AbortSignal): Promise<ColumnValues | undefined> {
    const use = this.#use(signal);
    return use.finish(async () => {
      await this.#parts.databases.attach(use, [scan]);
      const attached = await attachScans(use.connection, [scan], this.#parts.emptyFile);
      use.check();
      const ready = (sql: string) =>
        fetchMissing(
          use.connection,
          { sql, scans: [scan], attached },
          { fetch: request.fetch, complete: this.#parts.complete },
        );
      return columnValues(use.connection, scan, request, ready);
    });
  }

  async explain(
    sql: string,
    scans: TableScan[],
    options: ExplainOptions,
    parameters?: ParameterRow,
  ): Promise<PlanOperator> {
    const use = this.#use(options.signal);
    return use.finish(async () => {
      const fetch = options.analyze ? options.fetch : nothing;
      const { names } = await this.#attach(use, { sql, scans, parameters, fetch });
      const prefix = options.analyze ? 'EXPLAIN (ANALYZE, FORMAT json) ' : 'EXPLAIN (FORMAT json) ';
      const { text, source } = textFor(sql, parameters, prefix);
      const statement = await use.connection.prepare(text, source);
      try {
        bindParameters(statement, parameters);
        const rows = await statement.rows(source);
        return explainedPlan(rows[0]?.at(-1) ?? '', { scans, names });
      } finally {
        statement.close();
      }
    });
  }

  unreadable(scan: TableScan, signal?: AbortSignal): Promise<UnreadableFile[]> {
    const use = this.#use(signal);
    return use.finish(() => unreadableFiles(use, scan, this.#parts.emptyFile));
  }

  decode(scan: TableScan, path: string, signal?: AbortSignal): Promise<void> {
    const use = this.#use(signal);
    return use.finish(() => decodeColumns(use.connection, scan, path, this.#parts.emptyFile));
  }

  /** `memory` is where the batches lie. */
  async run(
    sql: string,
    scans: TableScan[],
    options: RunOptions & { onProfile?: (profile: EngineProfile) => void },
    memory?: ResultMemory,
  ): Promise<ResultStream> {
    const defined = defineScans(scans, this.#parts.emptyFile);
    const { onProfile } = options;
    const key = this.#keyOf(sql, defined, onProfile !== undefined);
    const ready = key === undefined ? undefined : this.#parts.ready.take(key);
    const use = this.#use(options.signal, ready);
    const { result, columns, attached } = await use.attempt(async () => {
      const text = textFor(sql, options.parameters);
      await this.#planner.checkZone(text.text, scans, options.signal);
      const fixed = await this.#planner.fixedColumns(text.text, scans, options.signal);
      const { parameters, fetch } = options;
      const isProfiled = onProfile !== undefined;
      const given = { sql, scans, parameters, fetch, defined, isReady: ready !== undefined, isProfiled };
      const attached = await this.#attach(use, given);
      if (options.onProgress) await use.trackProgress(options.onProgress);
      use.check();
      const announced = options.schema && inTimeZone(options.schema, 'UTC');
      const { known } = this.#planner;
      const started = await startQuery(use.connection, text, {
        parameters: options.parameters,
        fixed,
        announced,
        known: options.parameters ? undefined : known.of(text.text, scans),
        onPlanned: (planned) => known.keep(text.text, scans, planned),
      });
      return { ...started, attached };
    });
    const end = async () => {
      await result.close();
      if (result.isAtEnd) onProfile?.(readProfile(use.connection, { scans, names: attached.names }));
      if (key !== undefined && result.isAtEnd) use.handOn((connection) => this.#parts.ready.give(key, connection));
      await use.end();
    };
    use.stopWith(end);
    return {
      schema: inTimeZone(schemaOf(columns), this.#timeZone),
      batches: { [Symbol.asyncIterator]: () => use.untilEnd(result.batches(options.batchBytes, memory), end) },
    };
  }

  writeParquet(
    sql: string,
    scans: TableScan[],
    options: WriteOptions,
    onProfile?: (profile: EngineProfile) => void,
  ): Promise<WrittenFile[]> {
    const use = this.#use(options.signal);
    return use.finish(async () => {
      const { parameters, fetch } = options;
      const { names } = await this.#attach(use, { sql, scans, parameters, fetch, isProfiled: onProfile !== undefined });
      use.check();
      await this.#planner.checkZone(textFor(sql, options.parameters).text, scans, options.signal);
      const onRun = onProfile && (() => onProfile(readProfile(use.connection, { scans, names })));
      const isRepeatable = scans.every(({ source }) => source.kind !== 'batches');
      return writeFiles(use.connection, sql, { ...options, onRun, isRepeatable }, this.#timeZone);
    });
  }

  close(): Promise<void> {
    this.#parts.closing ??= this.#shutDown();
    return this.#parts.closing;
  }

  /** Sets what is called once the instance has closed. */
  onClose(listener: () => void): void {
    this.#parts.whenClosed = listener;
  }

  /** Attaches the scans unless they are, and has fetched what the text reads of them. */
  async #attach(use: Use, given: AttachedText): Promise<AttachedScans> {
    const { sql, scans, parameters, fetch, isReady = false } = given;
    const { databases, emptyFile, complete } = this.#parts;
    const attached = given.defined ?? defineScans(scans, emptyFile);
    await databases.attach(use, scans);
    if (!isReady) {
      if (this.#timeZone !== undefined) await use.connection.execute(setTimeZone(this.#timeZone));
      await attachDefined(use.connection, attached);
      if (given.isProfiled) await use.connection.execute(profileStatements);
    }
    use.check();
    const text = { sql, scans, parameters, attached, timeZone: this.#timeZone };
    await fetchMissing(use.connection, text, { fetch, complete });
    return attached;
  }

  /** What a connection has that reads these scans; undefined where it is not to serve another statement. */
  #keyOf(sql: string, { loads, definitions }: ScanDefinitions, isProfiled: boolean): string | undefined {
    if (loads.length > 0 || /setseed/i.test(sql)) return undefined;
    return `${this.#timeZone ?? ''}\n${isProfiled ? 'profiled' : ''}\n${definitions}`;
  }

  async #shutDown(): Promise<void> {
    const { database, databases, ready, running } = this.#parts;
    await Promise.all([...running].map((stop) => stop()));
    await ready.close();
    await databases.close();
    await database.close();
    this.#parts.whenClosed();
  }

  #use(signal: AbortSignal | undefined, ready?: Connection): Use {
    const { database, running, budget, closing } = this.#parts;
    if (closing) throw new SkuaError('CANCELLED', 'the session has ended');
    return new Use(ready ?? database.connect(), running, budget, signal);
  }
}

/** What is the same in all time zones. */
interface Parts {
  database: Database;
  planner: Planner;
  budget: InstanceBudget;
  emptyFile: string;
  databases: AttachedDatabases;
  ready: ReadyConnections;
  complete: CompleteTexts;
  /** What is under way, and how to end it. */
  running: Set<() => Promise<void>>;
  closing?: Promise<void>;
  whenClosed: () => void;
}

interface AttachedText {
  sql: string;
  scans: readonly TableScan[];
  parameters: ParameterRow | undefined;
  fetch: FetchMissing | undefined;
  /** Its scans, where they are defined by now, and whether the connection has them. */
  defined?: ScanDefinitions;
  isReady?: boolean;
  isProfiled?: boolean;
}

/** Of a text that is only planned. */
const nothing: FetchMissing = async () => undefined;
