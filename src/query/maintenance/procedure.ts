/** What a procedure is: its arguments, the columns of what it answers, and what it does. */
import { type DataType, Field, Int32, Int64, Schema, Utf8 } from 'apache-arrow';
import type { StatementContext } from '../environment.js';
import type { Arguments } from './arguments.js';
import type { Parameter } from './parameter.js';

export interface Procedure {
  /** In the order of arguments that are given by place. */
  parameters: readonly Parameter[];
  /** Of the answer. */
  schema: Schema;
  /** The rows of the answer. */
  run(context: StatementContext, given: Arguments): Promise<unknown[][]>;
}

const TYPES = { long: () => new Int64(), int: () => new Int32(), string: () => new Utf8() };

/** The columns of an answer; a `?` behind the type of one that may be null. */
export function answer(columns: Record<string, `${keyof typeof TYPES}${'' | '?'}`>): Schema {
  return new Schema(
    Object.entries(columns).map(([name, type]) => {
      const kind = type.replace('?', '') as keyof typeof TYPES;
      return new Field<DataType>(name, TYPES[kind](), type.endsWith('?'));
    }),
  );
}
