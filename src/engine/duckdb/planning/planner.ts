import { type Field, Schema, Type } from 'apache-arrow';
import type { SkuaError } from '../../../errors.js';
import type { ParameterRow, QueryDescription, ScanDemand, TableBinding } from '../../contract.js';
import type { MemoryWatch } from '../budget/watch.js';
import { type Connection, Database } from '../native/database.js';
import { duckdb } from '../native/library.js';
import { takeText } from '../native/memory.js';
import { registerFixed } from '../native/named-types.js';
import { typedTexts, withCasts } from '../parsing/parameter-types.js';
import { type FixedColumns, fixedColumns, noFixedColumns, widthsIn, withFixed } from '../results/fixed-columns.js';
import { takeParameterField } from '../results/result-type.js';
import { cancelled, columnsOf, type ResultColumn, schemaOf } from '../results/stream.js';
import { attachEmpty } from '../scans/attach.js';
import { commonConfiguration, commonSettings, interruptInterval, lock } from '../settings.js';
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

  /** `bound` has the types of the values that parameters get, where they are known. */
  async describe(sql: string, tables: TableBinding[], signal?: AbortSignal, bound?: Schema): Promise<QueryDescription> {
    const { text, columns, parameters } = await this.typed(sql, tables, signal, bound);
    const fixed = await this.fixedColumns([text], tables, signal);
    return { schema: schemaOf(withFixed(columns, fixed)), parameters: new Schema(parameters) };
  }

  /** See `fixedColumns`; by the first of the texts whose types are known, which say the same. */
  async fixedColumns(texts: string[], tables: readonly TableBinding[], signal?: AbortSignal): Promise<FixedColumns> {
    const widths = widthsIn(tables);
    if (widths.size === 0) return noFixedColumns;
    for (const text of texts) {
      const found = await this.with(signal, (connection) => {
        for (const width of widths) {
          if (!this.fixedWidths.has(width)) registerFixed(connection.pointer, width);
          this.fixedWidths.add(width);
        }
        return fixedColumns(connection, text, tables);
      });
      if (found) return found;
    }
    return noFixedColumns;
  }

  private typed(
    sql: string,
    tables: TableBinding[],
    signal?: AbortSignal,
    bound?: Schema,
  ): Promise<Prepared & { text: string }> {
    return this.with(signal, async (connection) => {
      await attachEmpty(connection, tables);
      const described = await prepared(connection, sql);
      const open = new Set(
        described.parameters.flatMap(({ typeId }, index) => (typeId === Type.Null ? [index + 1] : [])),
      );
      if (described.columns.every(({ type }) => type.known)) return { ...described, text: sql };
      const guessedTexts = guesses.map((type) => withCasts(sql, (number) => (open.has(number) ? type : undefined)));
      for (const text of [...typedTexts(sql, bound).slice(1), ...guessedTexts]) {
        const guessed = await prepared(connection, text).catch(() => undefined);
        if (guessed?.columns.every((column) => column.type.known)) {
          return { columns: guessed.columns, parameters: described.parameters, text };
        }
      }
      return { ...described, text: sql };
    });
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

interface Prepared {
  columns: ResultColumn[];
  parameters: Field[];
}

async function prepared(connection: Connection, sql: string): Promise<Prepared> {
  const statement = await connection.prepare(sql);
  try {
    const library = duckdb();
    const parameters = Array.from({ length: library.duckdb_nparams(statement.pointer) }, (_, index) => {
      const name = takeText(library.duckdb_parameter_name(statement.pointer, index + 1));
      return takeParameterField(name, library.duckdb_param_logical_type(statement.pointer, index + 1));
    });
    return { columns: columnsOf(statement), parameters };
  } finally {
    statement.close();
  }
}

/** DuckDB gives a result no columns while a parameter's type is open; with one of these it mostly does. */
const guesses = ['VARCHAR', 'BIGINT', 'DOUBLE', 'TIMESTAMP'];
