/** What a client carries of its session, so that it goes on at another server, or after a restart. */
import type { SessionOption } from './session.js';

/** What USE and session options choose. */
export interface Names {
  catalog: string | undefined;
  schema: string[] | undefined;
  options: ReadonlyMap<string, SessionOption>;
}

export interface Carried {
  /** Counts the changes of a session, over all servers. */
  version: number;
  names: Names;
  /** What can't be carried, as a user would name it: `an open transaction`. */
  held: string[];
}

type CarriedOption = Exclude<SessionOption, bigint> | { bigint: string };

interface Written {
  v: number;
  c?: string | undefined;
  s?: string[] | undefined;
  o?: [string, CarriedOption][];
  h?: string[];
}

/** Headers are bounded, and the client sends it with every call. */
const LONGEST = 2048;

export function writeCarried({ version, names: { catalog, schema, options }, held }: Carried): string {
  const chosen = [...options].map(([name, value]): [string, CarriedOption] => [
    name,
    typeof value === 'bigint' ? { bigint: value.toString() } : value,
  ]);
  const written: Written = {
    v: version,
    c: catalog,
    s: schema,
    ...(chosen.length > 0 ? { o: chosen } : {}),
    ...(held.length > 0 ? { h: held } : {}),
  };
  const text = JSON.stringify(written);
  if (text.length <= LONGEST) return text;
  return JSON.stringify({ v: version, h: ['the names and options that it had chosen', ...held] });
}

/** Of a text that `writeCarried` made. */
export function readCarried(text: string): Carried {
  const { v, c, s, o = [], h = [] } = JSON.parse(text) as Written;
  const options = o.map(([name, value]): [string, SessionOption] => [
    name,
    typeof value === 'object' && 'bigint' in value ? BigInt(value.bigint) : value,
  ]);
  return { version: v, names: { catalog: c, schema: s, options: new Map(options) }, held: h };
}
