/**
 * How long a server asks to be left alone, in milliseconds, by its header Retry-After (RFC 9110, section 10.2.3): seconds, or a date.
 * Undefined where it does not say, or says what is neither.
 */
export function retryAfter(header: unknown, now = Date.now()): number | undefined {
  if (typeof header !== 'string') return undefined;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1000;
  const time = Date.parse(header);
  return Number.isNaN(time) ? undefined : Math.max(0, time - now);
}
