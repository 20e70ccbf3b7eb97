/** Statements whose parameters are cast to types that were decided for them. */
import { type Token, tokenize } from '../../../../sql/index.js';
import type { SourceText } from '../native/errors.js';

/** SQL types by the number of the parameter less one; undefined where a value keeps its own. */
export type ParameterTypes = readonly (string | undefined)[];

/** A parameter as it stands in a text. */
interface Place {
  number: number;
  start: number;
  end: number;
}

/**
 * Parameters are numbered from 1: `?` by its place among those, `$2` and `?2` by what is written, `$name` by its place among the names.
 */
function places(sql: string): Place[] {
  const tokens = tokenize(sql);
  const numbers = new Map<string, number>();
  let ordinal = 0;
  return Array.from(tokens.indexesOf('parameter'), (index) => {
    const { start, end, text } = tokens.at(index) as Token;
    const name = text.slice(1).toLowerCase();
    let number = Number.parseInt(name, 10);
    if (name === '') number = ++ordinal;
    else if (Number.isNaN(number)) {
      number = numbers.get(name) ?? numbers.size + 1;
      numbers.set(name, number);
    }
    return { number, start, end };
  });
}

/** How many parameters a text has. */
export function countParameters(sql: string): number {
  return places(sql).reduce((most, { number }) => Math.max(most, number), 0);
}

/** The text with something else in the place of each parameter. */
export function replaceParameters(sql: string, replacement: (parameter: number) => string): string {
  let text = '';
  let end = 0;
  for (const place of places(sql)) {
    text += sql.slice(end, place.start) + replacement(place.number);
    end = place.end;
  }
  return text + sql.slice(end);
}

export interface TypedText {
  text: string;
  source: SourceText;
}

/** The text with a cast around each parameter that has a type. Errors in it name places of the text as it was written. */
export function typedText(sql: string, types: ParameterTypes | undefined, prefix = ''): TypedText {
  const source: SourceText = { sql, prefixBytes: Buffer.byteLength(prefix) };
  if (!types?.some((type) => type !== undefined)) return { text: prefix + sql, source };
  let text = '';
  let end = 0;
  /** In bytes. */
  const moved: { start: number; end: number; origin: number; originEnd: number }[] = [];
  const at = { typed: 0, origin: 0 };
  const advance = (typed: string, origin: string) => {
    text += typed;
    at.typed += Buffer.byteLength(typed);
    at.origin += Buffer.byteLength(origin);
  };
  for (const place of places(sql)) {
    const before = sql.slice(end, place.start);
    advance(before, before);
    const start = { ...at };
    advance(castSql(place.number, types), sql.slice(place.start, place.end));
    moved.push({ start: start.typed, end: at.typed, origin: start.origin, originEnd: at.origin });
    end = place.end;
  }
  text += sql.slice(end);
  const origin = (offset: number) => {
    const last = moved.findLast(({ start }) => start <= offset);
    if (last === undefined) return offset;
    return offset < last.end ? last.origin : last.originEnd + offset - last.end;
  };
  return { text: prefix + text, source: { ...source, origin } };
}

function castSql(number: number, types: ParameterTypes): string {
  const type = types[number - 1];
  return type === undefined ? `$${number}` : `CAST($${number} AS ${type})`;
}

/** Whether the first mention of a parameter comes right before, or after, words like these. */
export function standsBefore(sql: string, parameter: number, words: RegExp): boolean {
  const place = places(sql).find(({ number }) => number === parameter);
  return place !== undefined && words.test(sql.slice(place.end));
}

export function standsBehind(sql: string, parameter: number, words: RegExp): boolean {
  const place = places(sql).find(({ number }) => number === parameter);
  return place !== undefined && words.test(sql.slice(0, place.start));
}
