/** Bounds of long strings, shortened so that they stay bounds. Lengths are in code points. */
import { truncateString } from '../transforms/transform.js';

export function truncateLower(value: string, length: number): string {
  return truncateString(value, length);
}

/** The shortened value with its last code point incremented; undefined where no greater string of that length exists. */
export function truncateUpper(value: string, length: number): string | undefined {
  const kept = truncateString(value, length);
  if (kept.length === value.length) return value;
  const points = [...kept].map((char) => char.codePointAt(0) as number);
  while (points.length > 0) {
    const last = points.pop() as number;
    // Surrogates are not characters.
    const next = last === 0xd7ff ? 0xe000 : last + 1;
    if (next <= 0x10ffff) return String.fromCodePoint(...points, next);
  }
  return undefined;
}
