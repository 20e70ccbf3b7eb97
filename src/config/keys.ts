/** The kinds of values that a key can have. Each is a zod type that also carries what documentation and error messages need. */
import { z } from 'zod';
import { parseDottedPath } from './dotted.js';
import { parseDuration, parseSize } from './units.js';

export interface KeyDescription {
  /** `string`, `integer`, `boolean`, `size`, `duration`, `path`, `list of …`, or the values that there are. */
  type: string;
  /** Unit of a bare number. */
  unit?: string;
  /** What a value must be, as the end of the sentence "must be …". */
  allowed: string;
  /** What the key does. */
  sentence: string;
  /** Never shown, and also readable from a file through the key with `_file` at its end. */
  secret: boolean;
  /** The value that an environment variable's text stands for; undefined where it stands for none. */
  fromText: (text: string) => unknown;
}

/** The description of every leaf of the schema. */
export const keyRegistry = z.registry<KeyDescription>();

const asIs = (text: string): unknown => text;

function key<S extends z.ZodType>(
  schema: S,
  description: Partial<KeyDescription> & { type: string; allowed: string },
  sentence: string,
): S {
  keyRegistry.add(schema, { secret: false, fromText: asIs, ...description, sentence });
  return schema;
}

export function text(sentence: string) {
  return key(z.string().min(1), { type: 'string', allowed: 'a string that is not empty' }, sentence);
}

export function secret(sentence: string, minimumLength = 1) {
  const allowed = minimumLength > 1 ? `a string of at least ${minimumLength} characters` : 'a string that is not empty';
  return key(z.string().min(minimumLength), { type: 'string', allowed, secret: true }, sentence);
}

export function secretList(sentence: string, minimumLength: number) {
  const allowed = `a list of strings of at least ${minimumLength} characters`;
  return key(
    z.array(z.string().min(minimumLength)),
    { type: 'list of strings', allowed, secret: true, fromText: listFromText },
    sentence,
  );
}

/** A file or folder; relative paths count from the folder of the configuration file. */
export function path(sentence: string) {
  return key(z.string().min(1), { type: 'path', allowed: 'a path' }, sentence);
}

export function flag(sentence: string) {
  const values: Record<string, boolean> = { true: true, false: false };
  return key(
    z.boolean(),
    { type: 'boolean', allowed: 'true or false', fromText: (given) => values[given.toLowerCase()] },
    sentence,
  );
}

export function integer(minimum: number, maximum: number, sentence: string) {
  const upper = maximum === Number.MAX_SAFE_INTEGER ? ` of at least ${minimum}` : ` from ${minimum} to ${maximum}`;
  return key(
    z.int().min(minimum).max(maximum),
    {
      type: 'integer',
      allowed: `an integer${upper}`,
      fromText: (given) => (/^-?\d+$/.test(given) ? Number(given) : undefined),
    },
    sentence,
  );
}

/** Bytes. */
export function size(minimum: number, sentence: string) {
  return key(
    z.union([z.string(), z.number()]).transform(quantity(parseSize, minimum, Number.MAX_SAFE_INTEGER)),
    {
      type: 'size',
      unit: 'bytes',
      allowed: `a size of at least ${minimum} bytes, such as "512MiB" or a number of bytes`,
    },
    sentence,
  );
}

/** Milliseconds in the result, seconds where a bare number is given. */
export function duration(limits: { minimum: string; maximum: string }, sentence: string) {
  const minimum = parseDuration(limits.minimum) ?? 0;
  const maximum = parseDuration(limits.maximum) ?? 0;
  return key(
    z.union([z.string(), z.number()]).transform(quantity(parseDuration, minimum, maximum)),
    {
      type: 'duration',
      unit: 'seconds',
      allowed: `a duration from ${limits.minimum} to ${limits.maximum}, such as "30s", "5m" or a number of seconds`,
    },
    sentence,
  );
}

function quantity(parse: (value: string | number) => number | undefined, minimum: number, maximum: number) {
  return (value: string | number, context: z.RefinementCtx): number => {
    const parsed = parse(value);
    if (parsed !== undefined && parsed >= minimum && parsed <= maximum) return parsed;
    context.addIssue({ code: 'custom', message: 'out of range' });
    return z.NEVER;
  };
}

export function choice<const T extends readonly [string, ...string[]]>(values: T, sentence: string) {
  return key(z.enum(values), { type: oneOf(values), allowed: oneOf(values) }, sentence);
}

/** A URL without user, password or fragment. */
export function url(sentence: string, protocols: readonly string[] = ['https:', 'http:']) {
  const allowed = `a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}, without user and password`;
  return key(
    z.string().refine((value) => isUrl(value, protocols)),
    { type: 'URL', allowed },
    sentence,
  );
}

export function urlList(sentence: string, protocols: readonly string[]) {
  const allowed = `a list of URLs that begin with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;
  return key(
    z.array(z.string().refine((value) => isUrl(value, protocols))),
    { type: 'list of URLs', allowed, fromText: listFromText },
    sentence,
  );
}

function isUrl(value: string, protocols: readonly string[]): boolean {
  if (!URL.canParse(value)) return false;
  const parsed = new URL(value);
  return protocols.includes(parsed.protocol) && parsed.username === '' && parsed.password === '' && parsed.hash === '';
}

export function textList(sentence: string) {
  return key(
    z.union([
      z
        .string()
        .min(1)
        .transform((value) => [value]),
      z.array(z.string().min(1)),
    ]),
    { type: 'string or list of strings', allowed: 'a string or a list of strings', fromText: listFromText },
    sentence,
  );
}

export function pathList(sentence: string) {
  return key(
    z.array(z.string().min(1)),
    { type: 'list of paths', allowed: 'a list of paths', fromText: listFromText },
    sentence,
  );
}

export function choiceList<const T extends readonly [string, ...string[]]>(values: T, sentence: string) {
  return key(
    z.array(z.enum(values)).min(1),
    { type: 'list of strings', allowed: `a list of ${oneOf(values)}`, fromText: listFromText },
    sentence,
  );
}

/** A path of names such as `realm_access.roles`; names that contain dots are quoted. The result is the list of names. */
export function dottedPath(sentence: string) {
  return key(
    z.string().transform((value, context): string[] => {
      const names = value.includes('://') && !/["']/.test(value) ? undefined : parseDottedPath(value);
      if (names !== undefined) return names;
      context.addIssue({ code: 'custom', message: 'no path' });
      return z.NEVER;
    }),
    {
      type: 'dotted path',
      allowed: `names separated by dots, where a name that contains a dot is quoted: '"https://example.com/roles"'`,
    },
    sentence,
  );
}

function listFromText(given: string): unknown {
  if (!given.trimStart().startsWith('[')) return given.split(',').map((item) => item.trim());
  try {
    return JSON.parse(given);
  } catch {
    return undefined;
  }
}

function oneOf(values: readonly string[]): string {
  const quoted = values.map((value) => `"${value}"`);
  return quoted.length === 1 ? (quoted[0] ?? '') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}
