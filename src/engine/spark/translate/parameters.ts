/** Values of parameters, written as constants. */
import { DataType, type Field } from 'apache-arrow';
import { columnsOf, valueReader } from '../../../arrow/index.js';
import type { ParameterRow } from '../../contract.js';
import { cast } from './casts.js';
import { integerSql, literal } from './literals.js';
import { refuse } from './refusal.js';
import type { Typed } from './scope.js';
import { announcedType, isInteger, namedType, type SqlType, showType, sparkType } from './types.js';

/** By number, from 1, as the text has them. */
export function parameterValues(row: ParameterRow | undefined): Map<string, Typed> {
  if (!row) return new Map();
  const columns = columnsOf(row.schema, row.batch);
  return new Map(
    row.schema.fields.map((field, index) => {
      const column = columns[index];
      const value = column && valueReader(column)(row.index);
      const type = row.types?.[index];
      return [String(index + 1), typed(field, value, type === undefined ? undefined : namedType(type))];
    }),
  );
}

function typed(field: Field, value: unknown, wanted: SqlType | undefined): Typed {
  const given = announcedType(field.type);
  const type = wanted ?? given;
  if (value === null || value === undefined) return { sql: `CAST(NULL AS ${sparkType(type)})`, type };
  // A value is no constant of the text: it does not take the type of what it meets.
  const { sql } = cast(constantOf(field, given, value), type);
  return { sql, type };
}

function constantOf({ type: arrow }: Field, given: SqlType, value: unknown): Typed {
  if (isInteger(given)) return integerSql(BigInt(value as number), given);
  switch (given.kind) {
    case 'boolean':
      return literal(given, value === true);
    case 'varchar':
      return literal(given, value as string);
    case 'double':
      return literal(given, value as number);
    case 'decimal':
      return literal(given, String(value));
    case 'date':
      if (!DataType.isDate(arrow) || arrow.unit !== 0) break;
      return { sql: `date_add(DATE '1970-01-01', ${value as number})`, type: given };
    case 'timestamp':
      return { sql: `CAST(timestamp_micros(${value as bigint}L) AS TIMESTAMP_NTZ)`, type: given };
    case 'timestamptz':
      return { sql: `timestamp_micros(${value as bigint}L)`, type: given };
  }
  return refuse(`a parameter of the type ${showType(given)} is not translated`);
}
