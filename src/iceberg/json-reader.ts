/** Typed access to parsed JSON of the table format; what does not fit is DATA_LOSS with the path of the offending key. */
import { SkuaError } from '../errors.js';

export type JsonObject = Record<string, unknown>;

export function malformed(where: string, expected: string): SkuaError {
  return new SkuaError('DATA_LOSS', `The table metadata is malformed: ${where} is not ${expected}`);
}

export function asObject(value: unknown, where: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(where, 'an object');
  return value as JsonObject;
}

export function asArray(value: unknown, where: string): unknown[] {
  if (!Array.isArray(value)) throw malformed(where, 'an array');
  return value;
}

export function asString(value: unknown, where: string): string {
  if (typeof value !== 'string') throw malformed(where, 'a string');
  return value;
}

export function asNumber(value: unknown, where: string): number {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'number') throw malformed(where, 'a number');
  return value;
}

export function asBigint(value: unknown, where: string): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw malformed(where, 'an integer');
  return BigInt(value);
}

export function asBoolean(value: unknown, where: string): boolean {
  if (typeof value !== 'boolean') throw malformed(where, 'a boolean');
  return value;
}

/** `read` of a value that may be absent or null. */
export function optional<T>(value: unknown, where: string, read: (value: unknown, where: string) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value, where);
}

export function asStringMap(value: unknown, where: string): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [key, entry] of Object.entries(asObject(value, where))) result[key] = String(entry);
  return result;
}
