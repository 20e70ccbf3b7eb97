import { Schema } from 'apache-arrow';
import type { ParameterRow, QueryDescription, ScanDemand, TableBinding } from '../contract.js';
import { type Connection, Database } from './database.js';
import { demandOf, planningDisabledOptimizers } from './demand.js';
import { duckdb } from './library.js';
import { takeText } from './memory.js';
import { attachEmpty } from './query.js';
import { takeParameterField } from './result-type.js';
import { commonConfiguration, commonSettings, lock } from './settings.js';
import { columnsOf, schemaOf } from './stream.js';

/** Types and plans queries over empty tables, in an instance that can reach nothing. */
export class Planner {
  private constructor(private readonly database: Database) {}

  static async open(): Promise<Planner> {
    const database = await Database.open({ ...commonConfiguration, threads: '1', memory_limit: '256MB' });
    const connection = database.connect();
    const disabled = `SET GLOBAL disabled_optimizers = '${planningDisabledOptimizers}'`;
    for (const statement of [...commonSettings, disabled, ...lock]) await connection.execute(statement);
    await connection.close();
    return new Planner(database);
  }

  connect(): Connection {
    return this.database.connect();
  }

  async describe(sql: string, tables: TableBinding[]): Promise<QueryDescription> {
    return this.with(async (connection) => {
      await attachEmpty(connection, tables);
      const statement = await connection.prepare(sql);
      try {
        const library = duckdb();
        const parameters = Array.from({ length: library.duckdb_nparams(statement.pointer) }, (_, index) => {
          const name = takeText(library.duckdb_parameter_name(statement.pointer, index + 1));
          return takeParameterField(name, library.duckdb_param_logical_type(statement.pointer, index + 1));
        });
        return { schema: schemaOf(columnsOf(statement)), parameters: new Schema(parameters) };
      } finally {
        statement.close();
      }
    });
  }

  demand(sql: string, tables: TableBinding[], parameters?: ParameterRow): Promise<ScanDemand[]> {
    return this.with((connection) => demandOf(connection, sql, tables, parameters));
  }

  close(): Promise<void> {
    return this.database.close();
  }

  private async with<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = this.database.connect();
    try {
      return await work(connection);
    } finally {
      await connection.close();
    }
  }
}
