/** Reads the fields of a request's JSON; what is missing or of the wrong type is a 400 that names it. */
import { illegalArgument } from './error.js';

export type JsonObject = Record<string, unknown>;

export function asObject(value: unknown, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw illegalArgument(`Cannot parse ${what}: not an object`);
  }
  return value as JsonObject;
}

export function asArray(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw illegalArgument(`Cannot parse ${what}: not an array`);
  return value;
}

export function stringField(object: JsonObject, name: string): string {
  const value = present(object, name, 'string');
  if (typeof value !== 'string') throw illegalArgument(`Cannot parse to a string value: ${name}`);
  return value;
}

export function optionalString(object: JsonObject, name: string): string | undefined {
  return object[name] === undefined || object[name] === null ? undefined : stringField(object, name);
}

/** A 32-bit integer, or one that is small enough for a double to hold. */
export function integerField(object: JsonObject, name: string): number {
  const value = present(object, name, 'int');
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw illegalArgument(`Cannot parse to an integer value: ${name}`);
  }
  return value;
}

export function optionalInteger(object: JsonObject, name: string): number | undefined {
  return object[name] === undefined || object[name] === null ? undefined : integerField(object, name);
}

export function longField(object: JsonObject, name: string): bigint {
  const value = present(object, name, 'long');
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  throw illegalArgument(`Cannot parse to a long value: ${name}`);
}

export function optionalLong(object: JsonObject, name: string): bigint | undefined {
  return object[name] === undefined || object[name] === null ? undefined : longField(object, name);
}

export function optionalBoolean(object: JsonObject, name: string): boolean | undefined {
  const value = object[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw illegalArgument(`Cannot parse to a boolean value: ${name}`);
  return value;
}

export function stringsField(object: JsonObject, name: string): string[] {
  return asArray(present(object, name, 'list'), name).map((value) => {
    if (typeof value !== 'string') throw illegalArgument(`Cannot parse string from non-text value in ${name}`);
    return value;
  });
}

export function integersField(object: JsonObject, name: string): number[] {
  return asArray(present(object, name, 'list'), name).map((value) => {
    if (typeof value !== 'number') throw illegalArgument(`Cannot parse integer from non-int value in ${name}`);
    return value;
  });
}

export function longsField(object: JsonObject, name: string): bigint[] {
  return asArray(present(object, name, 'list'), name).map((_, at, all) => longField({ [name]: all[at] }, name));
}

/** Values are strings; null leaves a key out. */
export function stringMap(value: unknown, what: string): Record<string, string> {
  const map: Record<string, string> = {};
  for (const [key, entry] of Object.entries(asObject(value, what))) {
    if (entry === null) continue;
    if (typeof entry !== 'string') throw illegalArgument(`Cannot parse to a string value: ${key}`);
    map[key] = entry;
  }
  return map;
}

export function optionalStringMap(object: JsonObject, name: string): Record<string, string> {
  return object[name] === undefined || object[name] === null ? {} : stringMap(object[name], name);
}

function present(object: JsonObject, name: string, type: string): unknown {
  const value = object[name];
  if (value === undefined || value === null) throw illegalArgument(`Cannot parse missing ${type}: ${name}`);
  return value;
}
