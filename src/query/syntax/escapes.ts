/**
 * The escapes of ODBC and JDBC, which tools write where dialects differ and drivers hand on as they are: `{d '2026-01-01'}`,
 * `{ts '…'}`, `{fn UCASE(name)}`, `{oj a LEFT OUTER JOIN b ON …}`, `{escape '!'}` (ODBC Programmer's Reference, "Escape Sequences").
 */
import { STEP, type Token, type Tokens } from '../../sql/index.js';
import type { Edit } from './rewrite.js';

const LITERALS: Record<string, string> = { D: 'DATE', T: 'TIME', TS: 'TIMESTAMP', ESCAPE: 'ESCAPE' };

/** Functions of `{fn …}` without arguments that go by another name here. */
const WITHOUT_ARGUMENTS: Record<string, string> = { CURDATE: 'current_date', CURTIME: 'CAST(now() AS TIME)' };

/** What takes the place of the escapes, in steps. A struct, `{d: …}`, is none. */
export function* escapeSteps(tokens: Tokens): Generator<void, Edit[]> {
  const edits: Edit[] = [];
  const closing: boolean[] = [];
  for (let index = 0; index < tokens.length; index++) {
    if (index % STEP === STEP - 1) yield;
    if (tokens.isSymbol(index, '}') && closing.pop()) {
      edits.push({ start: tokens.start(index), end: tokens.end(index), text: '' });
    }
    if (tokens.isSymbol(index, '{')) closing.push(openEscape(tokens, index, edits));
  }
  return edits;
}

/** Whether a brace opens an escape; if so, adds what takes the place of its beginning. */
function openEscape(tokens: Tokens, index: number, edits: Edit[]): boolean {
  const [word, next] = tokens.slice(index + 1, index + 3);
  const literal = next?.kind === 'string' && Object.hasOwn(LITERALS, word?.keyword ?? '');
  const isEscape = literal || ((word?.keyword === 'FN' || word?.keyword === 'OJ') && isName(next));
  if (!isEscape || !word || !next) return false;
  edits.push({
    start: tokens.start(index),
    end: word.end,
    text: literal ? (LITERALS[word.keyword] as string) : '',
  });
  const [open, close] = tokens.slice(index + 3, index + 5);
  const renamed = word.keyword === 'FN' && Object.hasOwn(WITHOUT_ARGUMENTS, next.keyword);
  if (renamed && open?.text === '(' && close?.text === ')') {
    edits.push({ start: next.start, end: close.end, text: WITHOUT_ARGUMENTS[next.keyword] as string });
  }
  return true;
}

function isName(token: Token | undefined): boolean {
  return token?.kind === 'word' || token?.kind === 'quoted' || token?.text === '(';
}
