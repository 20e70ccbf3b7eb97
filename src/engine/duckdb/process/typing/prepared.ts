import type { Connection } from '../native/database.js';
import { duckdb } from '../native/library.js';
import { takeText } from '../native/memory.js';
import type { TypedText } from '../parsing/parameter-types.js';
import { type ParameterType, takeParameterType } from '../results/result-type.js';
import { columnsOf, type ResultColumn } from '../results/stream.js';

/** What the engine says of a statement before it has values. */
export interface Prepared {
  columns: ResultColumn[];
  /** Names of the parameters, and the types that it infers. */
  names: string[];
  types: (ParameterType | undefined)[];
}

export async function prepared(connection: Connection, { text, source }: TypedText): Promise<Prepared> {
  const statement = await connection.prepare(text, source);
  try {
    const library = duckdb();
    const count = library.duckdb_nparams(statement.pointer);
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    return {
      columns: columnsOf(statement),
      names: numbers.map((number) => takeText(library.duckdb_parameter_name(statement.pointer, number))),
      types: numbers.map((number) => takeParameterType(library.duckdb_param_logical_type(statement.pointer, number))),
    };
  } finally {
    statement.close();
  }
}

/** Of a text that may mean nothing. */
export async function preparedIfPossible(connection: Connection, text: string): Promise<Prepared | undefined> {
  return prepared(connection, { text, source: { sql: text, prefixBytes: 0 } }).catch(() => undefined);
}

/** DuckDB gives a result no columns while a parameter's type is open. */
export function isSettled({ columns }: Prepared): boolean {
  return columns.every(({ type }) => type.known);
}
