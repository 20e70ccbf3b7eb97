import type { TokenKind } from './token.js';
import { tokenize } from './tokens.js';

const LITERALS = new Set<TokenKind>(['string', 'number', 'blob', 'bits']);

/** The text with a question mark in the place of every literal, for logs. A text that can't be read is hidden as a whole. */
export function withoutLiterals(sql: string): string {
  try {
    let result = '';
    let position = 0;
    for (const { kind, start, end } of tokenize(sql)) {
      // What lies between tokens are blanks and comments, and a comment may quote anything.
      result += blanksOf(sql.slice(position, start));
      result += LITERALS.has(kind) ? '?' : sql.slice(start, end);
      position = end;
    }
    return result.trim();
  } catch {
    return '…';
  }
}

function blanksOf(text: string): string {
  return text === '' ? '' : ' ';
}
