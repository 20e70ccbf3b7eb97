/** Strings, quoted identifiers, dollar quotes and comments: what may hold a semicolon that ends no statement. */
const LINE_COMMENT = /--[^\n]*/y;
const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"/y;
const ESCAPED = /[eE]'(?:[^'\\]|''|\\[\s\S])*'/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const WORD = /[\w\u0080-\uffff][\w$\u0080-\uffff]*/y;

export interface SplitSql {
  /** The statements that a semicolon ends, without it. Those that are only comments and blanks are dropped. */
  statements: string[];
  /** What follows the last semicolon, and whether it is more than comments and blanks. */
  rest: string;
  isOpen: boolean;
}

/** Splits a text into its statements at semicolons outside of strings, quoted names, dollar quotes and comments. */
export function splitStatements(text: string): SplitSql {
  const statements: string[] = [];
  let start = 0;
  let position = 0;
  let hasContent = false;
  while (position < text.length) {
    const character = text[position] as string;
    if (character === ';') {
      if (hasContent) statements.push(text.slice(start, position).trim());
      position++;
      start = position;
      hasContent = false;
      continue;
    }
    const comment = commentEnd(text, position);
    if (comment !== undefined) {
      position = comment;
      continue;
    }
    if (!/\s/.test(character)) hasContent = true;
    position = tokenEnd(text, position);
  }
  return { statements, rest: text.slice(start), isOpen: hasContent };
}

/** All statements of a text; the last one needs no semicolon. */
export function statementsOf(text: string): string[] {
  const { statements, rest, isOpen } = splitStatements(text);
  return isOpen ? [...statements, rest.trim()] : statements;
}

/** The first word of a text in upper case, behind comments and parentheses; empty where it begins with something else. */
export function firstWord(text: string): string {
  let position = 0;
  while (position < text.length) {
    const comment = commentEnd(text, position);
    if (comment === undefined && !/[\s(]/.test(text[position] as string)) break;
    position = comment ?? position + 1;
  }
  const end = match(WORD, text, position);
  return end === undefined ? '' : text.slice(position, end).toUpperCase();
}

/** Where the comment that begins here ends; undefined where none begins. Block comments nest. */
function commentEnd(text: string, position: number): number | undefined {
  const line = match(LINE_COMMENT, text, position);
  if (line !== undefined) return line;
  if (!text.startsWith('/*', position)) return undefined;
  let depth = 0;
  let at = position;
  while (at < text.length) {
    if (text.startsWith('/*', at)) depth++;
    else if (text.startsWith('*/', at)) depth--;
    else {
      at++;
      continue;
    }
    at += 2;
    if (depth === 0) return at;
  }
  return text.length;
}

/** Where the token that begins here ends; a string that is never closed reaches to the end of the text. */
function tokenEnd(text: string, position: number): number {
  const tag = match(DOLLAR_TAG, text, position);
  if (tag !== undefined) {
    const end = text.indexOf(text.slice(position, tag), tag);
    return end === -1 ? text.length : end + (tag - position);
  }
  const end = match(ESCAPED, text, position) ?? match(QUOTED, text, position) ?? match(WORD, text, position);
  if (end !== undefined) {
    const isOpenEscape = end === position + 1 && text[end] === "'" && /[eE]/.test(text[position] as string);
    return isOpenEscape ? text.length : end;
  }
  return /['"]/.test(text[position] as string) ? text.length : position + 1;
}

function match(pattern: RegExp, text: string, position: number): number | undefined {
  pattern.lastIndex = position;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
