/** How far the clocks of a place are ahead of UTC at a moment. */

const OFFSET = /GMT(?:([+-])(\d{2}):?(\d{2})(?::?(\d{2}))?)?$/;
/** Seconds in which an offset is looked up once; clocks change at such full quarters of an hour, but in the distant past. */
const STEP = 900n;
const MOST_KEPT = 100_000;
/** Seconds to both sides of the epoch that dates are known for. */
const FARTHEST = 8_640_000_000_000n;

/** A function from seconds since the epoch to seconds; undefined for names that the runtime does not know. */
export function offsetsOf(timeZone: string): ((seconds: bigint) => bigint) | undefined {
  const format = formatOf(timeZone);
  if (!format) return undefined;
  const kept = new Map<bigint, bigint>();
  return (seconds) => {
    const step = (seconds - (((seconds % STEP) + STEP) % STEP)) / STEP;
    const known = kept.get(step);
    if (known !== undefined) return known;
    if (kept.size >= MOST_KEPT) kept.clear();
    const offset = offsetAt(format, step * STEP);
    kept.set(step, offset);
    return offset;
  };
}

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  } catch {
    return undefined;
  }
}

function offsetAt(format: Intl.DateTimeFormat, seconds: bigint): bigint {
  if (seconds < -FARTHEST || seconds > FARTHEST) return 0n;
  const name = format.formatToParts(Number(seconds) * 1000).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0', rest = '0'] = OFFSET.exec(name) ?? [];
  const offset = BigInt(hours) * 3600n + BigInt(minutes) * 60n + BigInt(rest);
  return sign === '-' ? -offset : offset;
}

/** `+02:00`; with seconds where there are some. */
export function offsetText(offset: bigint): string {
  const positive = offset < 0n ? -offset : offset;
  const part = (value: bigint) => String(value).padStart(2, '0');
  const seconds = positive % 60n;
  const clock = `${part(positive / 3600n)}:${part((positive / 60n) % 60n)}`;
  return `${offset < 0n ? '-' : '+'}${clock}${seconds === 0n ? '' : `:${part(seconds)}`}`;
}
