/** Dates and times as text, exact beyond the range of JavaScript's Date. The calendar is the proleptic Gregorian one. */

const DAYS_PER_ERA = 146097;

/** `YYYY-MM-DD` of a day counted from 1970-01-01. Years before 1 BC are negative; years after 9999 have more digits. */
export function dateText(days: number): string {
  const shifted = days + 719468;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const digits = String(Math.abs(year)).padStart(4, '0');
  return `${year < 0 ? '-' : ''}${digits}-${pad(month)}-${pad(day)}`;
}

/** `HH:MM:SS` and the fraction in groups of three digits where there is one; `perSecond` is 1, 1,000, 1,000,000 or 1,000,000,000. */
export function timeText(value: bigint, perSecond: bigint): string {
  const seconds = Number(value / perSecond);
  const clock = `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
  return clock + fractionText(value % perSecond, perSecond);
}

/** Date and time with `separator` between them. */
export function timestampText(value: bigint, perSecond: bigint, separator: string): string {
  const perDay = 86400n * perSecond;
  let days = value / perDay;
  let rest = value % perDay;
  if (rest < 0n) {
    days -= 1n;
    rest += perDay;
  }
  return `${dateText(Number(days))}${separator}${timeText(rest, perSecond)}`;
}

/** `1 year 2 months 3 days 04:05:06.5`; parts that are zero are left out. */
export function intervalText(months: number, days: number, nanoseconds: bigint): string {
  const parts: string[] = [];
  const count = (value: number, unit: string) => {
    if (value !== 0) parts.push(`${value} ${unit}${Math.abs(value) === 1 ? '' : 's'}`);
  };
  count(Math.trunc(months / 12), 'year');
  count(months % 12, 'month');
  count(days, 'day');
  if (nanoseconds !== 0n || parts.length === 0) {
    const absolute = nanoseconds < 0n ? -nanoseconds : nanoseconds;
    parts.push(`${nanoseconds < 0n ? '-' : ''}${timeText(absolute, 1_000_000_000n)}`);
  }
  return parts.join(' ');
}

function fractionText(fraction: bigint, perSecond: bigint): string {
  if (fraction === 0n) return '';
  let digits = String(fraction).padStart(String(perSecond).length - 1, '0');
  while (digits.endsWith('000')) digits = digits.slice(0, -3);
  return `.${digits}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
