import { DataType, type Field } from 'apache-arrow';
import type { Literal } from '../../../../expressions/index.js';
import type { ColumnRequest, ColumnValues, TableScan } from '../../contract.js';
import type { Connection } from '../native/database.js';
import { quoteIdentifier } from '../native/text.js';
import { filterSql } from '../scans/filter-sql.js';
import { isUuid } from '../types/sql-type.js';
import { literalFor } from './filter-literal.js';

/** In characters: texts longer than this together are no list to compare with. */
const longestList = 65_536;

/** See the contract's `columnValues`. The connection has the scan attached; `ready` is called with each text before it runs. */
export async function columnValues(
  connection: Connection,
  scan: TableScan,
  { column, filter, most }: ColumnRequest,
  ready: (sql: string) => Promise<void>,
): Promise<ColumnValues | undefined> {
  const field = scan.columns.find((candidate) => candidate.field.name === column)?.field;
  if (!field || !isComparable(field)) return undefined;
  const name = quoteIdentifier(column);
  const conditions = [`${name} IS NOT NULL`, ...(filter ? [filterSql(filter, scan)] : [])];
  const from = `FROM ${quoteIdentifier(scan.name)} WHERE ${conditions.join(' AND ')}`;
  const distinct = `SELECT CAST(v AS VARCHAR) FROM (SELECT DISTINCT ${name} AS v ${from} LIMIT ${most + 1}) ORDER BY v`;
  await ready(distinct);
  const rows = await connection.rows(distinct);
  const length = rows.reduce((sum, [text]) => sum + (text?.length ?? 0), 0);
  if (rows.length <= most && length <= longestList) {
    const values = literals(field, rows.flat());
    return values && { values };
  }
  if (isUuid(field)) return undefined;
  const extremes = `SELECT CAST(min(v) AS VARCHAR), CAST(max(v) AS VARCHAR) FROM (SELECT ${name} AS v ${from})`;
  await ready(extremes);
  const [ends = []] = await connection.rows(extremes);
  const [min, max] = literals(field, ends) ?? [];
  return min && max && { min, max };
}

/** Types in which equal values have equal texts, ordered by the engine as by the table format. */
function isComparable(field: Field): boolean {
  const { type } = field;
  if (isUuid(field)) return true;
  return [DataType.isInt, DataType.isBool, DataType.isDecimal, DataType.isUtf8, DataType.isDate, DataType.isTime]
    .map((is) => is(type))
    .concat(DataType.isTimestamp(type))
    .some(Boolean);
}

/** Undefined where one of the texts is that of a value which no literal can name, such as a date after the year 9999. */
function literals(field: Field, texts: readonly (string | null)[]): Literal[] | undefined {
  const found = texts.flatMap((text) => (text === null ? [] : (literalFor(field, { type: '', text }) ?? [])));
  return found.length === texts.length ? found : undefined;
}
