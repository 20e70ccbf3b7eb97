/** Dates, times and timestamps between text and the integers that Iceberg stores. Any year, proleptic Gregorian calendar. */

const msPerDay = 86_400_000;
const nsPerSecond = 1_000_000_000n;

/** Days from 1970-01-01 of a year, month (1 to 12) and day. */
function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Year, month (1 to 12) and day of a number of days from 1970-01-01. */
export function civilFromDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** Days of an ISO date; `(BC)` as DuckDB writes it counts years before 1. Undefined where the text is no date. */
export function parseDate(text: string): number | undefined {
  const match = /^([+-]?\d{1,9})-(\d{1,2})-(\d{1,2})( \(BC\))?$/.exec(text.trim());
  if (!match) return undefined;
  const year = match[4] ? 1 - Number(match[1]) : Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  if (month < 1 || month > 12 || day < 1) return undefined;
  const days = daysFromCivil(year, month, day);
  const back = civilFromDays(days);
  return back.month === month && back.day === day ? days : undefined;
}

/** ISO text; years outside 0 to 9999 with a sign and at least 4 digits. */
export function formatDate(days: number): string {
  const { year, month, day } = civilFromDays(days);
  const sign = year < 0 ? '-' : year > 9999 ? '+' : '';
  return `${sign}${pad(Math.abs(year), 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

/** Nanoseconds since midnight of `hh:mm[:ss[.fraction]]`. */
export function parseTime(text: string): bigint | undefined {
  const match = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?$/.exec(text.trim());
  if (!match) return undefined;
  const seconds = Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3] ?? 0);
  return BigInt(seconds) * nsPerSecond + BigInt((match[4] ?? '').padEnd(9, '0'));
}

/** `hh:mm:ss` and, where there is one, the fraction in 6 or 9 digits. */
export function formatTime(nanoseconds: bigint): string {
  const total = Number(nanoseconds / nsPerSecond);
  const fraction = nanoseconds % nsPerSecond;
  const clock = `${pad(Math.floor(total / 3600), 2)}:${pad(Math.floor(total / 60) % 60, 2)}:${pad(total % 60, 2)}`;
  if (fraction === 0n) return clock;
  const digits = fraction.toString().padStart(9, '0');
  return `${clock}.${fraction % 1000n === 0n ? digits.slice(0, 6) : digits}`;
}

/** Nanoseconds since 1970-01-01T00:00 of a date or timestamp; an offset, if any, is subtracted (without one: UTC). */
export function parseTimestamp(text: string): bigint | undefined {
  const match =
    /^([+-]?\d{1,9}-\d{1,2}-\d{1,2}(?: \(BC\))?)(?:[ T]([\d:.]+))?( \(BC\))?\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?(?::?\d{2})?)?( \(BC\))?$/i.exec(
      text.trim(),
    );
  if (!match) return undefined;
  const days = parseDate(match[1] + (match[3] ?? match[5] ?? ''));
  const time = match[2] === undefined ? 0n : parseTime(match[2]);
  if (days === undefined || time === undefined) return undefined;
  return BigInt(days) * BigInt(msPerDay) * 1_000_000n + time - offsetOf(match[4]);
}

function offsetOf(zone: string | undefined): bigint {
  const match = /^([+-])(\d{2}):?(\d{2})?:?(\d{2})?$/.exec(zone ?? '');
  if (!match) return 0n;
  const seconds = Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0);
  return BigInt(match[1] === '-' ? -seconds : seconds) * nsPerSecond;
}

/** `date hh:mm:ss[.fraction]` joined by `T`, without zone. */
export function formatTimestamp(nanoseconds: bigint): string {
  const perDay = BigInt(msPerDay) * 1_000_000n;
  const days = floorDivide(nanoseconds, perDay);
  return `${formatDate(Number(days))}T${formatTime(nanoseconds - days * perDay)}`;
}

/** Division that rounds towards negative infinity. */
export function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor !== 0n && value < 0n !== divisor < 0n ? quotient - 1n : quotient;
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}
