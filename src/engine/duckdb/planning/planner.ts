import type { SkuaError } from '../../../errors.js';
import type { DescribeOptions, ParameterRow, QueryDescription, ScanDemand, TableBinding } from '../../contract.js';
import type { MemoryWatch } from '../budget/watch.js';
import { type Connection, Database } from '../native/database.js';
import { registerFixed } from '../native/named-types.js';
import { typedText } from '../parsing/parameter-types.js';
import { type FixedColumns, fixedColumns, noFixedColumns, widthsIn, withFixed } from '../results/fixed-columns.js';
import { cancelled, schemaOf } from '../results/stream.js';
import { attachEmpty } from '../scans/attach.js';
import { commonConfiguration, commonSettings, interruptInterval, lock } from '../settings.js';
import { statementTypes } from '../typing/index.js';
import { demandOf, planningDisabledOptimizers } from './demand.js';

/** Types and plans queries over empty tables, in an instance that can reach nothing. */
export class Planner {
  /** Whose types the database knows. */
  private readonly fixedWidths = new Set<number>();

  private constructor(
    private readonly database: Database,
    private readonly watch: MemoryWatch | undefined,
  ) {}

  static async open(watch?: MemoryWatch): Promise<Planner> {
    const database = await Database.open({ ...commonConfiguration, threads: '1', memory_limit: '256MB' });
    const connection = database.connect();
    const disabled = `SET GLOBAL disabled_optimizers = '${planningDisabledOptimizers}'`;
    for (const statement of [...commonSettings, disabled, ...lock]) await connection.execute(statement);
    await connection.close();
    return new Planner(database, watch);
  }

  connect(): Connection {
    return this.database.connect();
  }

  async describe(
    sql: string,
    tables: TableBinding[],
    signal?: AbortSignal,
    options: DescribeOptions = {},
  ): Promise<QueryDescription> {
    const { columns, parameters, types } = await this.with(signal, async (connection) => {
      await attachEmpty(connection, tables);
      return statementTypes(connection, sql, options);
    });
    const fixed = await this.fixedColumns(typedText(sql, types).text, tables, signal);
    return { schema: schemaOf(withFixed(columns, fixed)), parameters, types };
  }

  /** See `fixedColumns`. */
  async fixedColumns(sql: string, tables: readonly TableBinding[], signal?: AbortSignal): Promise<FixedColumns> {
    const widths = widthsIn(tables);
    if (widths.size === 0) return noFixedColumns;
    const found = await this.with(signal, (connection) => {
      for (const width of widths) {
        if (!this.fixedWidths.has(width)) registerFixed(connection.pointer, width);
        this.fixedWidths.add(width);
      }
      return fixedColumns(connection, sql, tables);
    });
    return found ?? noFixedColumns;
  }

  demand(sql: string, tables: TableBinding[], parameters?: ParameterRow, signal?: AbortSignal): Promise<ScanDemand[]> {
    return this.with(signal, (connection) => demandOf(connection, sql, tables, parameters));
  }

  close(): Promise<void> {
    return this.database.close();
  }

  /** Aborting the signal interrupts the work, which then fails with CANCELLED. Constants are computed here, so that it may need much memory. */
  private async with<T>(signal: AbortSignal | undefined, work: (connection: Connection) => Promise<T>): Promise<T> {
    if (signal?.aborted) throw cancelled();
    const connection = this.database.connect();
    let timer: NodeJS.Timeout | undefined;
    let stopped: SkuaError | undefined;
    const stop = (reason: SkuaError) => {
      stopped ??= reason;
      connection.interrupt();
      timer ??= setInterval(() => connection.interrupt(), interruptInterval);
    };
    const cancel = () => stop(cancelled());
    const unwatch = this.watch?.add({ stop });
    signal?.addEventListener('abort', cancel);
    try {
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
