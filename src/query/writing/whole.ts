/** Values whose type is not known when their SQL is written, cast to that of a column, or refused where that would lose a part of them. */
import type { Type } from '../../iceberg/types.js';
import { quoteString, tokenize } from '../../sql/index.js';

/** `cast` gives the SQL that casts a value. Of values inside structs, lists and maps nothing is said. */
export function wholeSql(name: string, type: Type, value: string, cast: (value: string) => string): string {
  const isColumn = isColumnName(value);
  const item = isColumn ? value : 'v';
  const loss = lossOf(type, item);
  if (!loss) return cast(value);
  const message = quoteString(`the column ${name} ${loss.message}`);
  const checked = `CASE WHEN ${loss.condition} THEN error(${message}) ELSE ${cast(item)} END`;
  // What is no column is computed once, however often it is looked at.
  return isColumn ? checked : `list_transform([${value}], lambda v: ${checked})[1]`;
}

/** Names with dots between them, possibly in parentheses; no call. */
function isColumnName(sql: string): boolean {
  const tokens = [...tokenize(sql)];
  const first = tokens.findIndex(({ text }) => text !== '(');
  return tokens
    .slice(first)
    .every(({ kind, text }) => kind === 'word' || kind === 'quoted' || text === '.' || text === ')');
}

/** What can be lost of a value. */
function lossOf(type: Type, v: string): { condition: string; message: string } | undefined {
  if (type.kind !== 'primitive') return undefined;
  switch (type.type) {
    case 'int':
    case 'long':
      return {
        condition: `TRY_CAST(${v} AS DOUBLE) <> trunc(TRY_CAST(${v} AS DOUBLE))`,
        message: 'holds whole numbers and would lose the fraction of a value; round it',
      };
    case 'boolean':
      return {
        condition: `TRY_CAST(${v} AS DOUBLE) NOT IN (0, 1)`,
        message: 'holds true and false, and 1 and 0 for them',
      };
    case 'date': {
      const time = `TRY_CAST(${v} AS TIMESTAMP)`;
      return {
        condition: `isfinite(${time}) AND ${time} <> date_trunc('day', ${time})`,
        message: 'holds dates and would lose the time of a value; cast it to DATE',
      };
    }
    case 'timestamp':
    case 'timestamptz':
      return {
        condition:
          `typeof(${v}) IN ('TIMESTAMP_NS', 'timestamptz_ns') AND ` +
          `epoch_ns(TRY_CAST(CAST(${v} AS VARCHAR) AS TIMESTAMP_NS)) % 1000 <> 0`,
        message: 'holds microseconds and would lose the nanoseconds of a value; cast it to microseconds',
      };
    default:
      return undefined;
  }
}
