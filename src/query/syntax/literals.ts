/** Literals that the engine lacks or takes for something else: `X'…'`, `B'…'`, `U&'…'`, `E'\u…'`, `0x…`. */
import { quoteString, syntaxError, type Token, type Tokens } from '../../sql/index.js';
import type { Edit } from './rewrite.js';

/** What takes the place of a literal, and the index of its last token; undefined where the engine reads it as it is meant. */
export function literalEdit(tokens: Tokens, index: number): { edit: Edit; last: number } | undefined {
  const text = writtenFor(tokens, index);
  if (text !== undefined) return { edit: { start: tokens.start(index), end: tokens.end(index), text }, last: index };
  const number = tokens.kind(index) === 'number' ? wholeNumber(tokens, index) : undefined;
  if (number === undefined) return undefined;
  return { edit: { start: tokens.start(index), end: tokens.end(index + 1), text: number }, last: index + 1 };
}

function writtenFor(tokens: Tokens, index: number): string | undefined {
  switch (tokens.kind(index)) {
    case 'blob':
      return blob(tokens, index);
    case 'bits':
      return bits(tokens, index);
    case 'string':
      return text(tokens, index);
    default:
      return undefined;
  }
}

/** Pairs of hexadecimal digits, which may have spaces between them (ISO 9075-2, 5.3). */
function blob(tokens: Tokens, index: number): string {
  const token = tokens.at(index) as Token;
  const digits = token.text.replaceAll(' ', '');
  if (digits.length % 2 !== 0 || !/^[0-9A-Fa-f]*$/.test(digits)) {
    throw syntaxError(tokens.text, token.start, "X'…' takes pairs of hexadecimal digits");
  }
  return `unhex('${digits}')`;
}

function bits(tokens: Tokens, index: number): string {
  const token = tokens.at(index) as Token;
  const digits = token.text.replaceAll(' ', '');
  if (!/^[01]+$/.test(digits)) throw syntaxError(tokens.text, token.start, "B'…' takes the digits 0 and 1");
  return `'${digits}'::BIT`;
}

/** Strings whose escapes the engine does not know. */
function text(tokens: Tokens, index: number): string | undefined {
  const [start, end] = [tokens.start(index), tokens.end(index)];
  const prefix = tokens.text.charAt(start).toUpperCase();
  if (prefix !== 'E' && prefix !== 'U') return undefined;
  if (prefix === 'E' && !/\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})/.test(tokens.text.slice(start, end))) return undefined;
  return quoteString((tokens.at(index) as Token).text);
}

const RADIXES: Record<string, RegExp> = { x: /^x(?:_?[0-9a-f])+$/, o: /^o(?:_?[0-7])+$/, b: /^b(?:_?[01])+$/ };

/** `0x1F`, `0o17` and `0b101`, which the engine reads as 0 with an alias. */
function wholeNumber(tokens: Tokens, index: number): string | undefined {
  const end = tokens.end(index);
  const isZero = end - tokens.start(index) === 1 && tokens.text.charAt(end - 1) === '0';
  if (!isZero || !tokens.isWord(index + 1) || tokens.start(index + 1) !== end) return undefined;
  const digits = tokens.text.slice(end, tokens.end(index + 1)).toLowerCase();
  const radix = RADIXES[digits.charAt(0)];
  if (!radix?.test(digits)) return undefined;
  return BigInt(`0${digits.replaceAll('_', '')}`).toString();
}
