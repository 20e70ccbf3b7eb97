/** Dates, timestamps and moments as the engine reads them. */
import type { Literal } from './literal.js';
import { outermostTimeSql } from './outermost-times.js';

/** What moments in nanoseconds are called in the engine. */
const MOMENT = 'TIMESTAMPTZ_NS';

export function isTime({ type }: Literal): boolean {
  return type === 'date' || type === 'timestamp' || type === 'timestamptz';
}

/** A date or a point in time as SQL of the given type. ISO has a plus in front of years of five digits, which the engine does not read. */
export function timeSql(literal: Literal, sqlType: string): string {
  const isMoment = sqlType.toUpperCase() === MOMENT;
  const count = isMoment || sqlType === 'TIMESTAMP_NS' ? nanosecondsOf(literal) : undefined;
  const outermost = count === undefined ? undefined : outermostTimeSql(count, isMoment);
  return outermost ?? `CAST('${literal.text.replace(/^\+/, '')}' AS ${sqlType})`;
}

/** Since 1970, of a point in time of a year of four digits. */
function nanosecondsOf({ type, text }: Literal): bigint | undefined {
  if (type === 'date') return undefined;
  const [, whole, fraction = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  return BigInt(Date.parse(`${whole}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
