/** Moments in nanoseconds between the type that queries see and TIMESTAMP_NS, which is what files and Arrow arrays hold. */
import { DataType, type Field } from 'apache-arrow';
import { SkuaError } from '../../../../errors.js';
import { tokenize } from '../../../../sql/index.js';
import { zonedNanoseconds } from '../native/named-types.js';
import { holds } from './nested.js';
import { isZonedNanoseconds } from './sql-type.js';

/**
 * A TIMESTAMP_NS that holds UTC, as the moment. DuckDB casts neither to the other, but both to VARIANT and back without a loss; where nothing is finer
 * than a microsecond, by way of TIMESTAMP in a third of the time.
 */
export function momentSql(value: string): string {
  return (
    `CASE WHEN epoch_ns(${value}) % 1000 = 0 THEN CAST(CAST(${value} AS TIMESTAMP) AS ${zonedNanoseconds}) ` +
    `ELSE CAST(CAST(${value} AS VARIANT) AS ${zonedNanoseconds}) END`
  );
}

/** The moment as a TIMESTAMP_NS that holds UTC. */
export function clockSql(value: string): string {
  return `CAST(CAST(${value} AS VARIANT) AS TIMESTAMP_NS)`;
}

/** Whether a text names their type. */
export function namesZonedNanoseconds(sql: string): boolean {
  if (!sql.toLowerCase().includes(zonedNanoseconds)) return false;
  const tokens = tokenize(sql);
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens.at(index);
    if (token?.kind === 'word' && token.text.toLowerCase() === zonedNanoseconds) return true;
  }
  return false;
}

/** Whether a value of one type becomes moments of another only by the zone that it is taken to stand in. */
export function takesZone(field: Field, from: Field): boolean {
  const standsInZone = ({ type }: Field) =>
    DataType.isUtf8(type) || DataType.isDate(type) || (DataType.isTimestamp(type) && !type.timezone);
  return holds(field, isZonedNanoseconds) && holds(from, standsInZone);
}

/** UNIMPLEMENTED: in another zone than UTC, what hangs on the zone. */
export function outsideUtc(timeZone: string): SkuaError {
  return new SkuaError(
    'UNIMPLEMENTED',
    `TIMESTAMPTZ_NS and what has no zone are cast to each other in UTC alone, and this session's time zone is ${timeZone}; ` +
      "write SET TimeZone = 'UTC', or texts with their offset and a cast to TIMESTAMPTZ_NS",
  );
}
