/** Texts of several statements. */
import { Scanner } from './scanner.js';
import { scanSteps, Tokens, tokenizeSteps } from './tokens.js';
import { atOnce } from './turns.js';

export interface SplitText {
  /** The statements that a semicolon ends, without it and without comments around them. There are no empty ones. */
  statements: string[];
  /** What follows the last semicolon, and whether it is more than comments and blanks. */
  rest: string;
  isOpen: boolean;
}

/** Splits a text at its semicolons. What is not closed reaches to the end of the text. */
export function splitStatements(text: string): SplitText {
  const tokens = atOnce(scanSteps(text, Number.POSITIVE_INFINITY));
  const { statements, open, rest } = spansOf(tokens);
  return {
    statements: statements.map(({ start, end }) => text.slice(start, end)),
    rest: text.slice(rest),
    isOpen: open !== undefined || tokens.unclosed !== undefined,
  };
}

/** All statements of a text; the last one needs no semicolon. */
export function statementsOf(text: string): string[] {
  const { statements, rest, isOpen } = splitStatements(text);
  return isOpen ? [...statements, ...openStatement(rest)] : statements;
}

/** What is not closed goes with the statement, so that whoever reads it can say so. */
function openStatement(rest: string): string[] {
  const tokens = atOnce(scanSteps(rest, Number.POSITIVE_INFINITY));
  const start = tokens.length > 0 ? tokens.start(0) : (tokens.unclosed?.start ?? 0);
  return [rest.slice(start, tokens.unclosed ? undefined : tokens.end(tokens.length - 1))];
}

/**
 * How many statements a text has, and the tokens of the first. Its text begins where the whole text does, so that lines and columns are
 * counted as the sender counts them. See `tokenize` for the errors.
 */
export function* firstStatementSteps(text: string): Generator<void, { count: number; first: Tokens }> {
  const tokens = yield* tokenizeSteps(text);
  let [count, first, behind] = [0, 0, 0];
  for (let index = 0; index <= tokens.length; index++) {
    if (index < tokens.length && !tokens.isSymbol(index, ';')) continue;
    const isEmpty = index === 0 || tokens.isSymbol(index - 1, ';');
    if (!isEmpty && ++count === 1) behind = tokens.end(index - 1);
    if (isEmpty && count === 0) first = index + 1;
  }
  // Semicolons in front are no part of it.
  return { count, first: tokens.within(first === 0 || count === 0 ? 0 : tokens.start(first), behind) };
}

interface Span {
  start: number;
  end: number;
}

function spansOf(tokens: Tokens): { statements: Span[]; open: Span | undefined; rest: number } {
  const statements: Span[] = [];
  let first = 0;
  const span = (last: number): Span | undefined =>
    last < first ? undefined : { start: tokens.start(first), end: tokens.end(last) };
  for (let index = 0; index < tokens.length; index++) {
    if (!tokens.isSymbol(index, ';')) continue;
    const statement = span(index - 1);
    if (statement) statements.push(statement);
    first = index + 1;
  }
  return { statements, open: span(tokens.length - 1), rest: first === 0 ? 0 : tokens.end(first - 1) };
}

/** The first word of a text in upper case, behind comments and parentheses; empty where it begins with something else. */
export function firstWord(text: string): string {
  const scanner = new Scanner(text, Number.POSITIVE_INFINITY);
  for (let index = 0; ; ) {
    while (index === scanner.count && !scanner.done) scanner.advance(scanner.position + 1);
    if (index === scanner.count) return '';
    const token = new Tokens(text, undefined, scanner, scanner.count).at(index++);
    if (token?.text !== '(') return token?.keyword ?? '';
  }
}
