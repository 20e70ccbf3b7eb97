/**
 * Times in nanoseconds that 64 bits reach and the engine has no text for: those of 1677-09-21, and the last one, which it takes for infinity, as it
 * takes the second for minus infinity.
 */

const LAST = (1n << 63n) - 1n;
const FIRST = -LAST - 1n;
/** 1677-09-22, from which on the engine reads and writes texts. */
const FIRST_WITH_TEXT = -9_223_286_400_000_000_000n;

/** Such a time as SQL, of nanoseconds since 1970 in UTC: a TIMESTAMP_NS, or as a moment a TIMESTAMPTZ_NS. Undefined for all others. */
export function outermostTimeSql(count: bigint, isMoment: boolean): string | undefined {
  if (count < FIRST || count > LAST || (count >= FIRST_WITH_TEXT && count !== LAST)) return undefined;
  return isMoment ? `CAST(CAST(${clockSql(count)} AS VARIANT) AS TIMESTAMPTZ_NS)` : clockSql(count);
}

/** The engine writes the constants of a plan down as text, so that a time without one must not be constant. */
function clockSql(count: bigint): string {
  if (count === LAST) return "CAST('infinity' AS TIMESTAMP_NS)";
  if (count === -LAST) return "CAST('-infinity' AS TIMESTAMP_NS)";
  return `make_timestamp_ns(${count} + CAST(0 * random() AS BIGINT))`;
}
