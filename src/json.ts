/** JSON whose integers stay exact: snapshot ids are 64 bits wide and a double is not. */
import { isDeepStrictEqual } from 'node:util';
import { isSafeNumber, LosslessNumber, stringify } from 'lossless-json';

/** Parses JSON; an integer that a double can't hold becomes a bigint, every other number a number. No JSON: a SyntaxError that says where. */
export function parseJson(text: string): unknown {
  return parse(text, (digits) => (/^-?\d+$/.test(digits) && !isSafeNumber(digits) ? BigInt(digits) : Number(digits)));
}

/** The same, but a number that is written with a fraction or an exponent stays as it is written where a number would lose that. */
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

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const [SPACE, QUOTE, BACKSLASH] = [0x20, 0x22, 0x5c];

/** RFC 8259. A key that comes twice with different values is refused. */
function parse(text: string, toNumber: (digits: string) => unknown): unknown {
  let at = 0;
  const value = readValue();
  if (at < text.length) fail('Expected end of input');
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
    at++;
    skip();
    for (let isFirst = true; text[at] !== '}'; isFirst = false) {
      if (!isFirst) expect(',', "Comma ',' or end of object '}' expected");
      skip();
      const start = at;
      const key = text[at] === '"' ? readString(true) : fail("Quoted object key or end of object '}' expected");
      skip();
      expect(':', "Colon ':' expected after property name");
      const value = readValue();
      if (Object.hasOwn(object, key) && !isDeepStrictEqual(object[key], value)) {
        fail(`Duplicate key '${key}'`, start + 1);
      }
      // As a member of its own, whatever its name.
      if (key === '__proto__') Object.defineProperty(object, key, { ...MEMBER, value });
      else object[key] = value;
    }
    at++;
    return object;
  }

  function readArray(): unknown[] {
    const array: unknown[] = [];
    at++;
    skip();
    for (let isFirst = true; text[at] !== ']'; isFirst = false) {
      if (!isFirst) expect(',', "Comma ',' or end of array ']' expected");
      array.push(readValue());
    }
    at++;
    return array;
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
        if (end >= text.length) fail("End of string '\"' expected", text.length);
        fail('Invalid character in a string', end);
      }
    }
    at = end + 1;
    if (!hasEscapes) return isKey ? text.slice(start, end) : ownText(text.slice(start, end));
    try {
      return JSON.parse(text.slice(start - 1, at)) as string;
    } catch {
      return fail('Invalid escape in a string', start - 1);
    }
  }

  function readNumber(): unknown {
    NUMBER.lastIndex = at;
    if (!NUMBER.test(text)) fail('JSON value expected');
    const digits = text.slice(at, NUMBER.lastIndex);
    at = NUMBER.lastIndex;
    return toNumber(digits);
  }

  function readWord<T>(word: string, value: T): T {
    if (!text.startsWith(word, at)) fail('JSON value expected');
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
    const got = position < text.length ? `but got ${JSON.stringify(text[position])}` : 'but reached end of input';
    throw new SyntaxError(`${sentence} at position ${position}, ${got}`);
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
