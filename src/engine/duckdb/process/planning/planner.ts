import type { SkuaError } from '../../../../errors.js';
import type { DescribeOptions, ParameterRow, QueryDescription, ScanDemand, TableBinding } from '../../contract.js';
import type { MemoryWatch } from '../budget/watch.js';
import { type Connection, Database } from '../native/database.js';
import { registerFixed } from '../native/named-types.js';
import { typedText } from '../parsing/parameter-types.js';
import { type FixedColumns, fixedColumns, noFixedColumns, widthsIn, withFixed } from '../results/fixed-columns.js';
import { KnownColumns } from '../results/known-columns.js';
import { cancelled, schemaOf } from '../results/stream.js';
import { inTimeZone } from '../results/time-zone.js';
import { attachEmpty } from '../scans/attach.js';
import { commonConfiguration, commonSettings, interruptInterval, lock, setTimeZone } from '../settings.js';
import { holds } from '../types/nested.js';
import { isZonedNanoseconds } from '../types/sql-type.js';
import { namesZonedNanoseconds, outsideUtc } from '../types/zoned-nanoseconds.js';
import { statementTypes } from '../typing/index.js';
import { demandOf, planningDisabledOptimizers } from './demand.js';
import { castsInAnyZone } from './zoned-casts.js';

/** Types and plans queries over empty tables, in an instance that can reach nothing. */
export class Planner {
  readonly #parts: Parts;
  readonly #timeZone: string | undefined;

  private constructor(parts: Parts, timeZone?: string) {
    this.#parts = parts;
    this.#timeZone = timeZone;
  }

  static async open(watch?: MemoryWatch): Promise<Planner> {
    const database = await Database.open({ ...commonConfiguration, threads: '1', memory_limit: '256MB' });
    const connection = database.connect();
    const disabled = `SET GLOBAL disabled_optimizers = '${planningDisabledOptimizers}'`;
    for (const statement of [...commonSettings, disabled, ...lock("'TimeZone'")]) await connection.execute(statement);
    await connection.close();
    return new Planner({ database, watch, fixedWidths: new Set(), known: new KnownColumns() });
  }

  /** The same planner, whose texts have a time zone; UTC without one. */
  inTimeZone(timeZone: string | undefined): Planner {
    return timeZone === this.#timeZone ? this : new Planner(this.#parts, timeZone);
  }

  /** The columns that texts without parameters are known to have. */
  get known(): KnownColumns {
    return this.#parts.known;
  }

  connect(): Connection {
    return this.#parts.database.connect();
  }

  async describe(
    sql: string,
    tables: TableBinding[],
    signal?: AbortSignal,
    options: DescribeOptions = {},
  ): Promise<QueryDescription> {
    await this.checkZone(sql, tables, signal);
    const { columns, parameters, types } = await this.#with(signal, async (connection) => {
      await attachEmpty(connection, tables);
      return statementTypes(connection, sql, options);
    });
    if (parameters.fields.length === 0) this.known.keep(sql, tables, columns);
    const fixed = await this.fixedColumns(typedText(sql, types).text, tables, signal);
    const schema = inTimeZone(schemaOf(withFixed(columns, fixed)), this.#timeZone);
    return { schema, parameters, types };
  }

  /** See `fixedColumns`. */
  async fixedColumns(sql: string, tables: readonly TableBinding[], signal?: AbortSignal): Promise<FixedColumns> {
    const widths = widthsIn(tables);
    if (widths.size === 0) return noFixedColumns;
    const found = await this.#with(signal, (connection) => {
      for (const width of widths) {
        const { fixedWidths } = this.#parts;
        if (!fixedWidths.has(width)) registerFixed(connection.pointer, width);
        fixedWidths.add(width);
      }
      return fixedColumns(connection, sql, tables);
    });
    return found ?? noFixedColumns;
  }

  async demand(
    sql: string,
    tables: TableBinding[],
    parameters?: ParameterRow,
    signal?: AbortSignal,
  ): Promise<ScanDemand[]> {
    await this.checkZone(sql, tables, signal);
    return this.#with(signal, (connection) => demandOf(connection, sql, tables, parameters));
  }

  /** Throws UNIMPLEMENTED where a query casts moments in nanoseconds in a way that would hang on the time zone. */
  async checkZone(sql: string, tables: readonly TableBinding[], signal?: AbortSignal): Promise<void> {
    const timeZone = this.#timeZone;
    if (timeZone === undefined) return;
    const fields = tables.flatMap(({ columns }) => columns.map(({ field }) => field));
    if (!namesZonedNanoseconds(sql) && !fields.some((field) => holds(field, isZonedNanoseconds))) return;
    await this.#with(signal, async (connection) => {
      await attachEmpty(connection, tables);
      if (!(await castsInAnyZone(connection, sql))) throw outsideUtc(timeZone);
    });
  }

  close(): Promise<void> {
    return this.#parts.database.close();
  }

  /** Aborting the signal interrupts the work, which then fails with CANCELLED. Constants are computed here, so that it may need much memory. */
  async #with<T>(signal: AbortSignal | undefined, work: (connection: Connection) => Promise<T>): Promise<T> {
    if (signal?.aborted) throw cancelled();
    const { database, watch } = this.#parts;
    const connection = database.connect();
    let timer: NodeJS.Timeout | undefined;
    let stopped: SkuaError | undefined;
    const stop = (reason: SkuaError) => {
      stopped ??= reason;
      connection.interrupt();
      timer ??= setInterval(() => connection.interrupt(), interruptInterval);
    };
    const cancel = () => stop(cancelled());
    const unwatch = watch?.add({ stop });
    signal?.addEventListener('abort', cancel);
    try {
      if (this.#timeZone !== undefined) await connection.execute(setTimeZone(this.#timeZone));
      const result = await work(connection);
      if (stopped) throw stopped;
      return result;
    } catch (error) {
      throw stopped ?? error;
    } finally {
      unwatch?.();
      signal?.removeEventListener('abort', cancel);
      clearInterval(timer);
      await connection.close();
    }
  }
}

/** What is the same in all time zones. */
interface Parts {
  database: Database;
  watch: MemoryWatch | undefined;
  /** Whose types the database knows. */
  fixedWidths: Set<number>;
  known: KnownColumns;
}
