/**
 * JSON whose integers stay exact: snapshot ids are 64 bits wide and a double is not. `JSON.parse` rounds them, and lossless-json, which writes here, reads
 * texts character by character, so that those of table metadata take many times their size in memory.
 */
import { isDeepStrictEqual } from 'node:util';
import { isSafeNumber, LosslessNumber, stringify } from 'lossless-json';

/** Parses JSON; an integer that a double can't hold becomes a bigint, every other number a number. No JSON: a SyntaxError that says where. */
export function parseJson(text: string): unknown {
  return parse(text, (digits) => (/^-?\d+$/.test(digits) && !isSafeNumber(digits) ? BigInt(digits) : Number(digits)));
}

/** Undefined for what is no JSON. */
export function jsonOrNothing(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** Parses JSON; a number that is written with a fraction or an exponent stays as it is written where a number would lose that. */
export function parseJsonAsWritten(text: string): unknown {
  return parse(text, (digits) => {
    if (/^-?\d+$/.test(digits)) return isSafeNumber(digits) ? Number(digits) : BigInt(digits);
    return Number.isInteger(Number(digits)) ? new LosslessNumber(digits) : Number(digits);
  });
}

/** A floating-point value as JSON that says so: readers of the table format take `1` for no double, but `1.0`. */
export function jsonFloat(value: number): unknown {
  if (!Number.isInteger(value)) return value;
  const text = Object.is(value, -0) ? '-0' : String(value);
  return new LosslessNumber(text.includes('e') ? text : `${text}.0`);
}

/** Whether a value of `parseJsonAsWritten` was written as a floating-point number. */
export function isJsonFloat(value: unknown): boolean {
  return value instanceof LosslessNumber || (typeof value === 'number' && !Number.isInteger(value));
}

/** Writes JSON; bigints become plain integers. */
export function writeJson(value: unknown, indent?: number): string {
  return stringify(value, null, indent) ?? 'null';
}

/** Levels of objects and arrays: each takes some of the stack. */
const MOST_DEPTH = 2000;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const [SPACE, QUOTE, BACKSLASH] = [0x20, 0x22, 0x5c];

/** RFC 8259. A key that comes twice with different values is refused, and what nests deeper than any metadata does. */
function parse(text: string, toNumber: (digits: string) => unknown): unknown {
  let at = 0;
  let depth = 0;
  const value = readValue();
  if (at < text.length) fail('more than one value');
  return value;

  /** With the blanks around it. */
  function readValue(): unknown {
    skip();
    const value = readBare();
    skip();
    return value;
  }

  function readBare(): unknown {
    switch (text[at]) {
      case '"':
        return readString(false);
      case '{':
        return readObject();
      case '[':
        return readArray();
      case 't':
        return readWord('true', true);
      case 'f':
        return readWord('false', false);
      case 'n':
        return readWord('null', null);
      default:
        return readNumber();
    }
  }

  function readObject(): object {
    const object: Record<string, unknown> = {};
    enter();
    skip();
    for (let isFirst = true; text[at] !== '}'; isFirst = false) {
      if (!isFirst) expect(',', 'no comma between two members');
      skip();
      const start = at;
      const key = text[at] === '"' ? readString(true) : fail('a member without a quoted name');
      skip();
      expect(':', 'a name without a colon');
      const value = readValue();
      if (Object.hasOwn(object, key) && !isDeepStrictEqual(object[key], value)) {
        fail(`two values of ${JSON.stringify(key)}`, start);
      }
      // As a member of its own, whatever its name.
      if (key === '__proto__') Object.defineProperty(object, key, { ...MEMBER, value });
      else object[key] = value;
    }
    leave();
    return object;
  }

  function readArray(): unknown[] {
    const array: unknown[] = [];
    enter();
    skip();
    for (let isFirst = true; text[at] !== ']'; isFirst = false) {
      if (!isFirst) expect(',', 'no comma between two items');
      array.push(readValue());
    }
    leave();
    return array;
  }

  function enter(): void {
    if (++depth > MOST_DEPTH) fail(`more than ${MOST_DEPTH} levels`);
    at++;
  }

  function leave(): void {
    depth--;
    at++;
  }

  /** Keys become texts of their own as such; of other long ones, `ownText` makes them. */
  function readString(isKey: boolean): string {
    const start = at + 1;
    let end = start;
    let hasEscapes = false;
    for (let code = text.charCodeAt(end); code !== QUOTE; code = text.charCodeAt(++end)) {
      if (code === BACKSLASH) {
        hasEscapes = true;
        end++;
      } else if (!(code >= SPACE)) {
        if (end >= text.length) fail('a text without an end', text.length);
        fail('a control character in a text', end);
      }
    }
    at = end + 1;
    if (!hasEscapes) return isKey ? text.slice(start, end) : ownText(text.slice(start, end));
    try {
      return JSON.parse(text.slice(start - 1, at)) as string;
    } catch {
      return fail('a text with a wrong escape', start - 1);
    }
  }

  function readNumber(): unknown {
    NUMBER.lastIndex = at;
    if (!NUMBER.test(text)) fail('no value');
    const digits = text.slice(at, NUMBER.lastIndex);
    at = NUMBER.lastIndex;
    return toNumber(digits);
  }

  function readWord<T>(word: string, value: T): T {
    if (!text.startsWith(word, at)) fail('no value');
    at += word.length;
    return value;
  }

  function skip(): void {
    for (let code = text.charCodeAt(at); code <= SPACE; code = text.charCodeAt(++at)) {
      if (code !== SPACE && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    }
  }

  function expect(character: string, sentence: string): void {
    if (text[at] !== character) fail(sentence);
    at++;
  }

  function fail(sentence: string, position = at): never {
    const found = position < text.length ? JSON.stringify(text[position]) : 'its end';
    throw new SyntaxError(`The JSON has ${sentence}: at character ${position + 1}, ${found}`);
  }
}

/**
 * A text that keeps nothing else in memory: V8 lets a longer part of a text point into the whole, and one that was put together by characters take many
 * times its size.
 */
function ownText(part: string): string {
  return part.length < SHORTEST_PART ? part : ` ${part}`.slice(1);
}

/** Of V8, in UTF-16 code units. */
const SHORTEST_PART = 13;
const MEMBER = { configurable: true, enumerable: true, writable: true };
