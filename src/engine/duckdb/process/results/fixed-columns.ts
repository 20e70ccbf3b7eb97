import { DataType, type Field } from 'apache-arrow';
import { SkuaError } from '../../../../errors.js';
import type { TableBinding } from '../../contract.js';
import type { Connection } from '../native/database.js';
import { fixedName } from '../native/named-types.js';
import { quoteIdentifier } from '../native/text.js';
import { attachEmpty } from '../scans/attach.js';
import { isUuid } from '../types/sql-type.js';
import { keepsFixedValues } from './fixed-values.js';
import { fieldOf, type ResultType } from './result-type.js';
import { columnsOf, type ResultColumn } from './stream.js';

/** Types of result columns by place. */
export type FixedColumns = ReadonlyMap<number, ResultType>;

export const noFixedColumns: FixedColumns = new Map();

/** The columns with these types in the place of their own. */
export function withFixed(columns: readonly ResultColumn[], fixed: FixedColumns): ResultColumn[] {
  return columns.map(({ name, type }, index) => ({ name, type: fixed.get(index) ?? type }));
}

/**
 * The result columns whose values are those of the tables' columns of fixed length, untouched, in whole or in their nested parts. DuckDB has
 * one type for bytes of any length: here columns of each length have a type of their own, and what becomes of it is looked up in the plan.
 * Undefined where the result's types hang on parameters.
 *
 * @param connection of the planner, where the types of the tables' lengths are registered; it is used up
 */
export async function fixedColumns(
  connection: Connection,
  sql: string,
  tables: readonly TableBinding[],
): Promise<FixedColumns | undefined> {
  await attachEmpty(connection, tables, fixedName);
  const columns = await resultColumns(connection, sql);
  if (!columns) return noFixedColumns;
  if (columns.some(({ type }) => !type.known)) return undefined;
  const found = new Map<number, ResultType>();
  const candidates = [...columns.entries()].filter(([, { type }]) => widthsOf([fieldOf('', type)]).size > 0);
  if (candidates.length === 0) return found;
  const all = await keepsFixedValues(connection, sql);
  for (const [index, { type }] of candidates) {
    if (all || (await keepsFixedValues(connection, onlyColumn(sql, columns.length, index)))) found.set(index, type);
  }
  return found;
}

/** The lengths of the tables' columns that are, or hold, bytes of one length. */
export function widthsIn(tables: readonly TableBinding[]): Set<number> {
  return widthsOf(tables.flatMap(({ columns }) => columns.map(({ field }) => field)));
}

function widthsOf(fields: readonly Field[]): Set<number> {
  const widths = new Set<number>();
  for (const field of fields) {
    if (DataType.isFixedSizeBinary(field.type) && !isUuid(field)) widths.add(field.type.byteWidth);
    for (const width of widthsOf((field.type.children ?? []) as Field[])) widths.add(width);
  }
  return widths;
}

/** Undefined where the query means nothing over the named types: it then computes with the bytes in a way that they don't allow. */
async function resultColumns(connection: Connection, sql: string): Promise<ResultColumn[] | undefined> {
  try {
    const statement = await connection.prepare(sql);
    try {
      return columnsOf(statement);
    } finally {
      statement.close();
    }
  } catch (error) {
    if (error instanceof SkuaError && error.code === 'CANCELLED') throw error;
    return undefined;
  }
}

function onlyColumn(sql: string, count: number, index: number): string {
  const names = Array.from({ length: count }, (_, column) => quoteIdentifier(`c${column}`));
  return `SELECT ${names[index]} FROM (${sql}\n) AS q(${names.join(', ')})`;
}
