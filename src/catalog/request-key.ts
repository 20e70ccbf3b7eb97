import { randomBytes } from 'node:crypto';

const HEADER = 'idempotency-key';

/**
 * Tells a catalog that a request is the repetition of an earlier one (Iceberg REST specification, `Idempotency-Key`): one key for all tries of
 * one request, another for any other. A catalog that offers no such thing is sent none.
 */
export class RequestKey {
  #value = uuidV7();
  #firstSent: number | undefined;

  /** The header of one try. Once the catalog may have forgotten the key, after `lifetime` milliseconds, there is a new one. */
  headers(lifetime: number | undefined, now = Date.now()): Record<string, string> {
    if (lifetime === undefined) return {};
    if (this.#firstSent !== undefined && now - this.#firstSent >= lifetime) {
      this.#value = uuidV7(now);
      this.#firstSent = undefined;
    }
    this.#firstSent ??= now;
    return { [HEADER]: this.#value };
  }
}

/** A UUID that begins with the time in milliseconds (RFC 9562, version 7). */
export function uuidV7(now = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] as number) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Milliseconds of an ISO 8601 duration of days and smaller units, such as `PT30M`; undefined for anything else. */
export function durationOf(text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined;
  const parts = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text);
  if (!parts || !/\d/.test(text)) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}
