/** Places in a text, as people count them. */
import { SkuaError } from '../errors.js';

/** `line L, column C` of a character offset, both from 1. A character beyond the basic plane is one column. */
export function lineAndColumn(text: string, offset: number): string {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < offset; end = text.indexOf('\n', start)) {
    line++;
    start = end + 1;
  }
  return `line ${line}, column ${countCharacters(text, start, offset) + 1}`;
}

/** INVALID_ARGUMENT that says where in the text something is wrong. */
export function syntaxError(text: string, offset: number, what: string): SkuaError {
  return new SkuaError('INVALID_ARGUMENT', `${what} (${lineAndColumn(text, offset)})`);
}

/** The offset in UTF-16 code units behind a number of characters. */
export function offsetOfCharacter(text: string, count: number): number {
  let offset = 0;
  for (let left = count; left > 0 && offset < text.length; left--) offset += isPair(text, offset) ? 2 : 1;
  return offset;
}

function countCharacters(text: string, start: number, end: number): number {
  let count = 0;
  for (let offset = start; offset < end; offset += isPair(text, offset) ? 2 : 1) count++;
  return count;
}

function isPair(text: string, offset: number): boolean {
  const first = text.charCodeAt(offset);
  if (first < 0xd800 || first > 0xdbff) return false;
  const second = text.charCodeAt(offset + 1);
  return second >= 0xdc00 && second <= 0xdfff;
}
