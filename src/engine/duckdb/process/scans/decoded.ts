/** SQL of columns that lie in a database of the engine's own format; see `DecodedColumns`. */
import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import type { DecodedColumns } from '../../contract.js';
import { quoteIdentifier, quoteText } from '../native/text.js';
import type { PhysicalRead } from './evolution.js';

/** The one table of a decoded file. */
const TABLE = 'main.t';

/** Names that no text has by chance. */
const marker = `undecoded_${randomBytes(4).toString('hex')}_`;

/** The name under which an instance attaches a database: short enough for the boxes of EXPLAIN, and of a random file name. */
export function databaseName(path: string): string {
  return `d${basename(path).slice(0, 12)}`;
}

export function decodedTable(path: string): string {
  return `${quoteIdentifier(databaseName(path))}.${TABLE}`;
}

/** The name for a column of a file that was not decoded, by its place in the scan. */
export function undecodedName(index: number): string {
  return `${marker}${index}`;
}

/** Whether a plan, as EXPLAIN writes it down, reads a column that was not decoded. */
export function readsUndecoded(plan: string): boolean {
  return plan.includes(marker);
}

/** Read like a Parquet file: the columns, `file_row_number` and `file_index`. A column that was not decoded can be named, and not be read. */
export function decodedReadSql(
  { path }: DecodedColumns,
  columns: readonly { as: string; read: PhysicalRead }[],
): string {
  const outputs = columns.map(({ as, read }) =>
    as.startsWith(marker) ? `CAST(error(${quoteText(`${as} is read`)}) AS ${read.type}) AS ${as}` : as,
  );
  outputs.push('rowid AS file_row_number', 'CAST(0 AS UBIGINT) AS file_index');
  return `(SELECT ${outputs.join(', ')} FROM ${decodedTable(path)})`;
}
