/** Statements in the editor's text, by the same lexer as the server's. */
import { SkuaError } from '../../../src/errors.js';
import { tokenize } from '../../../src/sql/index.js';

export interface Span {
  from: number;
  to: number;
}

/** The statement that the cursor is in or behind; undefined where there is none. */
export function statementAt(text: string, cursor: number): Span | undefined {
  const spans = statementSpans(text);
  return spans.find(({ to }) => cursor <= to + 1) ?? spans.at(-1);
}

export function statementSpans(text: string): Span[] {
  const spans: Span[] = [];
  let open: Span | undefined;
  try {
    const tokens = tokenize(text);
    for (let index = 0; index < tokens.length; index++) {
      if (tokens.isSymbol(index, ';')) {
        if (open !== undefined) spans.push(open);
        open = undefined;
      } else open = { from: open?.from ?? tokens.start(index), to: tokens.end(index) };
    }
  } catch (error) {
    if (!(error instanceof SkuaError)) throw error;
    // What can't be read as SQL is sent as it is, so that the server says what is wrong.
    return text.trim() === '' ? [] : [{ from: text.length - text.trimStart().length, to: text.trimEnd().length }];
  }
  if (open !== undefined) spans.push(open);
  return spans;
}

/** How many `?` a statement has outside of texts, names and comments. */
export function parameterCount(sql: string): number {
  try {
    const tokens = tokenize(sql);
    let count = 0;
    for (let index = 0; index < tokens.length; index++) if (tokens.kind(index) === 'parameter') count++;
    return count;
  } catch {
    return 0;
  }
}

/** Numbers, true, false and null as such; everything else is text, as is what stands in quotes. */
export function parameterOf(text: string): unknown {
  if (/^\s*(null|true|false|-?\d+(\.\d+)?([eE][+-]?\d+)?)\s*$/.test(text)) {
    const value = JSON.parse(text.trim());
    // More digits than a number can hold go as text, which the server casts.
    return typeof value === 'number' && String(value) !== text.trim() ? text.trim() : value;
  }
  const quoted = /^\s*'(.*)'\s*$/s.exec(text);
  return quoted ? quoted[1]?.replaceAll("''", "'") : text;
}

/** Where in the statement an error lies, by the line and column that its sentence ends with; undefined where it names none. */
export function placeOf(message: string, sql: string): number | undefined {
  const place = /line (\d+), column (\d+)/.exec(message);
  if (place === null) return undefined;
  const lines = sql.split('\n');
  const line = Number(place[1]);
  const before = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  // Columns count characters, offsets UTF-16 code units.
  const column = [...(lines[line - 1] ?? '')].slice(0, Number(place[2]) - 1).join('').length;
  return Math.min(before + column, sql.length);
}
