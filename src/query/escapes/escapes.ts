/**
 * The escapes of ODBC and JDBC, which tools write where dialects differ and drivers hand on as they are: `{d '2026-01-01'}`,
 * `{ts '…'}`, `{fn UCASE(name)}`, `{oj a LEFT OUTER JOIN b ON …}`, `{escape '!'}` (ODBC Programmer's Reference, "Escape Sequences in
 * ODBC"; JDBC 4.3, section 13.4).
 */
import { SkuaError } from '../../errors.js';
import { STEP, syntaxError, type Tokens } from '../../sql/index.js';
import type { Edit } from '../syntax/rewrite.js';
import { blank, functionEdits } from './functions.js';
import { intervalLiteral } from './intervals.js';

/** A bracket that is open. */
interface Open {
  /** Index of the token. */
  index: number;
  closedBy: string;
  /** Of an escape, its word in upper case; else empty. */
  word: string;
  /** Indexes of the commas directly inside. */
  commas: number[];
  /** Index of the bracket that closes the arguments of `{fn name(…)}`, and the commas between those. */
  call?: { close: number; commas: number[] };
}

/**
 * What takes the place of the escapes, in steps. A struct, `{d: …}`, is none. INVALID_ARGUMENT with its place: an unknown escape, one that
 * is not closed, wrong arguments; UNIMPLEMENTED: `{call …}`.
 */
export function* escapeSteps(tokens: Tokens): Generator<void, Edit[]> {
  const edits: Edit[] = [];
  const open: Open[] = [];
  for (let index = 0; index < tokens.length; index++) {
    if (index % STEP === STEP - 1) yield;
    if (tokens.kind(index) !== 'symbol') continue;
    if (tokens.isSymbol(index, ',')) open.at(-1)?.commas.push(index);
    else if (tokens.nesting(index) > 0) open.push(opened(tokens, index));
    else if (tokens.nesting(index) < 0) close(tokens, index, open, edits);
  }
  const left = open.find(({ word }) => word !== '');
  if (left)
    throw syntaxError(tokens.text, tokens.start(left.index), `The escape {${left.word.toLowerCase()} …} is not closed`);
  return edits;
}

const CLOSING: Record<string, string> = { '(': ')', '[': ']', '{': '}' };

function opened(tokens: Tokens, index: number): Open {
  const symbol = tokens.text.charAt(tokens.start(index));
  const word = symbol === '{' ? escapeWord(tokens, index) : '';
  return { index, closedBy: CLOSING[symbol] as string, word, commas: [] };
}

/** The word of the escape that a brace opens. Keys of structs have a colon behind them, and those of maps may be any expression. */
function escapeWord(tokens: Tokens, index: number): string {
  if (tokens.kind(index + 1) === 'parameter' && tokens.at(index + 2)?.text === '=') {
    if (tokens.at(index + 3)?.keyword === 'CALL') throw refuseCall();
  }
  const word = tokens.at(index + 1)?.keyword ?? '';
  if (word === '' || tokens.isSymbol(index + 2, ':') || tokens.at(index - 1)?.keyword === 'MAP') return '';
  if (word === 'CALL') throw refuseCall();
  if (Object.hasOwn(ESCAPES, word)) return word;
  const known = `known are ${Object.keys(ESCAPES).join(', ')}`.toLowerCase();
  throw syntaxError(tokens.text, tokens.start(index), `Unknown escape {${word.toLowerCase()} …}; ${known}`);
}

export function refuseCall(): SkuaError {
  return new SkuaError('UNIMPLEMENTED', 'The escape {call …} is not supported: there are no stored procedures');
}

function close(tokens: Tokens, index: number, open: Open[], edits: Edit[]): void {
  const last = open.pop();
  if (!last) return;
  if (!tokens.isSymbol(index, last.closedBy)) {
    if (last.word === '' && !open.some(({ word }) => word !== '')) return;
    throw syntaxError(tokens.text, tokens.start(index), `Expected "${last.closedBy}" first`);
  }
  const outer = open.at(-1);
  if (outer?.word === 'FN' && outer.index + 3 === last.index) outer.call = { close: index, commas: last.commas };
  const resolve = ESCAPES[last.word];
  if (!resolve) return;
  for (const edit of resolve(tokens, last, index)) edits.push(edit);
}

const ESCAPES: Record<string, (tokens: Tokens, open: Open, close: number) => Edit[]> = {
  FN: (tokens, { index, call }, close) => functionEdits(tokens, { open: index, close, call }),
  D: literal('DATE'),
  T: literal('TIME'),
  TS: literal('TIMESTAMP'),
  GUID: literal('UUID'),
  INTERVAL: (tokens, { index }, close) => [
    { start: tokens.start(index), end: tokens.end(close), text: intervalLiteral(tokens, index + 2, close) },
  ],
  ESCAPE: literal('ESCAPE'),
  OJ: bare(2),
  LIMIT: bare(1),
};

/** Three more digits than the engine's `TIMESTAMP` has. */
const NANOSECONDS = /:\d\d\.\d{7,9}$/;

function literal(type: string): (tokens: Tokens, open: Open, close: number) => Edit[] {
  return (tokens, { index, word }, close) => {
    const value = tokens.at(index + 2);
    if (value?.kind !== 'string' || close !== index + 3) {
      const place = tokens.start(Math.min(index + 2, close));
      throw syntaxError(tokens.text, place, `The escape {${word.toLowerCase()} …} takes one string`);
    }
    const written = type === 'TIMESTAMP' && NANOSECONDS.test(value.text) ? 'TIMESTAMP_NS' : type;
    const text = `${followsWord(tokens, index) ? ' ' : ''}${written}`;
    return [
      { start: tokens.start(index), end: value.start, text: text.padEnd(value.start - tokens.start(index) - 1) },
      { start: tokens.start(close), end: tokens.end(close), text: '' },
    ];
  };
}

/** Escapes that mean what is between their braces, from a token on. */
function bare(from: 1 | 2): (tokens: Tokens, open: Open, close: number) => Edit[] {
  return (tokens, { index }, close) => [
    blank(tokens, index),
    ...(from === 2 ? [blank(tokens, index + 1)] : []),
    blank(tokens, close),
  ];
}

function followsWord(tokens: Tokens, index: number): boolean {
  return index > 0 && tokens.end(index - 1) === tokens.start(index) && tokens.kind(index - 1) !== 'symbol';
}
