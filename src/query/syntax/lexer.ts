/** Splits SQL text into tokens, with positions, in DuckDB's lexical rules. */
import { SkuaError } from '../../errors.js';

export interface Token {
  kind: 'word' | 'quoted' | 'string' | 'number' | 'parameter' | 'symbol';
  /** As written; for `quoted` and `string` without the quotes and with doubled quotes resolved. */
  text: string;
  /** Upper case, for words; else empty. What keywords are compared with. */
  keyword: string;
  /** Characters [start, end) of the text. */
  start: number;
  end: number;
}

const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const NUMBER = /(?:0[xX][0-9a-fA-F_]+|(?:\d[\d_]*)?\.?\d[\d_]*\.?(?:[eE][+-]?\d+)?)/y;
const PARAMETER = /\?\d*|\$\d+|\$[\p{L}_][\p{L}\p{N}_]*(?!\$)/uy;
const DOLLAR_TAG = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;
const LINE_END = /[\n\r]/g;
const COMMENT_MARK = /\/\*|\*\//g;
const SYMBOL = /=>|::|<=|>=|<>|!=|\|\||->>?|[^\s]/uy;

/** Line and column of a character position, both from 1. */
export function lineAndColumn(text: string, position: number): string {
  const before = text.slice(0, position);
  const line = before.split('\n').length;
  return `line ${line}, column ${position - before.lastIndexOf('\n')}`;
}

/** INVALID_ARGUMENT that says where in the text something is wrong. */
export function syntaxError(text: string, position: number, what: string): SkuaError {
  return new SkuaError('INVALID_ARGUMENT', `${what} (${lineAndColumn(text, position)})`);
}

function match(pattern: RegExp, text: string, position: number): string | undefined {
  pattern.lastIndex = position;
  return pattern.exec(text)?.[0];
}

/** The end of a comment in C's style, which may hold others. */
function endOfComment(text: string, start: number): number {
  let depth = 0;
  COMMENT_MARK.lastIndex = start;
  for (let mark = COMMENT_MARK.exec(text); mark; mark = COMMENT_MARK.exec(text)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return COMMENT_MARK.lastIndex;
  }
  throw syntaxError(text, start, 'A comment is not closed');
}

/** The end of a comment or white space that starts at the position, or the position itself. */
function skipBlank(text: string, start: number): number {
  let position = start;
  for (;;) {
    const before = position;
    while (position < text.length && /\s/u.test(text[position] as string)) position++;
    if (text.startsWith('--', position)) {
      LINE_END.lastIndex = position;
      position = LINE_END.test(text) ? LINE_END.lastIndex : text.length;
    } else if (text.startsWith('/*', position)) {
      position = endOfComment(text, position);
    }
    if (position === before) return position;
  }
}

function enclosed(text: string, start: number, quote: string, escapes: boolean): { end: number; value: string } {
  let value = '';
  const stop = escapes ? new RegExp(`[${quote}\\\\]`, 'g') : new RegExp(quote, 'g');
  for (let from = start + 1; ; ) {
    stop.lastIndex = from;
    const at = stop.exec(text)?.index;
    if (at === undefined) break;
    const next = text[at + 1];
    value += text.slice(from, at);
    if (text[at] === quote && next !== quote) return { end: at + 1, value };
    value += next ?? '';
    from = at + 2;
  }
  throw syntaxError(text, start, quote === "'" ? 'A string is not closed' : 'A quoted name is not closed');
}

/** All tokens of a text. Unclosed strings, names and comments: INVALID_ARGUMENT. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const push = (kind: Token['kind'], start: number, end: number, value = text.slice(start, end)) =>
    tokens.push({ kind, text: value, keyword: kind === 'word' ? value.toUpperCase() : '', start, end });
  for (let position = skipBlank(text, 0); position < text.length; position = skipBlank(text, position)) {
    const start = position;
    const character = text[start] as string;
    const escaped = /[eE]/.test(character) && text[start + 1] === "'";
    if (character === "'" || escaped) {
      const { end, value } = enclosed(text, escaped ? start + 1 : start, "'", escaped);
      push('string', start, end, value);
      position = end;
      continue;
    }
    if (character === '"' || character === '`') {
      const { end, value } = enclosed(text, start, character, false);
      push('quoted', start, end, value);
      position = end;
      continue;
    }
    const tag = match(DOLLAR_TAG, text, start);
    if (tag !== undefined) {
      const close = text.indexOf(tag, start + tag.length);
      if (close < 0) throw syntaxError(text, start, 'A dollar-quoted string is not closed');
      position = close + tag.length;
      push('string', start, position, text.slice(start + tag.length, close));
      continue;
    }
    const [kind, found] = scan(text, start);
    position = start + found.length;
    push(kind, start, position);
  }
  return tokens;
}

function scan(text: string, start: number): [Token['kind'], string] {
  const word = match(WORD, text, start);
  if (word) return ['word', word];
  const number = match(NUMBER, text, start);
  if (number) return ['number', number];
  const parameter = match(PARAMETER, text, start);
  if (parameter) return ['parameter', parameter];
  return ['symbol', match(SYMBOL, text, start) ?? (text[start] as string)];
}

/** A name as SQL text, always quoted. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string as SQL text. */
export function quoteString(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
