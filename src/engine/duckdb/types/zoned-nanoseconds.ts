/** Moments in nanoseconds between the type that queries see and TIMESTAMP_NS, which is what files and Arrow arrays hold. */
import { zonedNanoseconds } from '../native/named-types.js';

/**
 * A TIMESTAMP_NS that holds UTC, as the moment. DuckDB casts between the two by way of text, or of microseconds where nothing is finer.
 */
export function momentSql(value: string): string {
  return (
    `CASE WHEN epoch_ns(${value}) % 1000 = 0 THEN CAST(CAST(${value} AS TIMESTAMP) AS ${zonedNanoseconds}) ` +
    `ELSE CAST(CAST(${value} AS VARCHAR) AS ${zonedNanoseconds}) END`
  );
}

/** The moment as a TIMESTAMP_NS that holds UTC. */
export function clockSql(value: string): string {
  const cut = `CAST(${value} AS TIMESTAMP)`;
  return (
    `CASE WHEN CAST(${cut} AS ${zonedNanoseconds}) = ${value} THEN CAST(${cut} AS TIMESTAMP_NS) ` +
    `ELSE CAST(CAST(${value} AS VARCHAR) AS TIMESTAMP_NS) END`
  );
}
