/** Calls of functions that give another value each time. */
import type { Tokens } from '../../sql/index.js';

/** DuckDB's functions that are VOLATILE and give values, and ODBC's name of one. */
export const VOLATILE_FUNCTIONS: ReadonlySet<string> = new Set([
  'gen_random_uuid',
  'rand',
  'random',
  'uuid',
  'uuidv4',
  'uuidv7',
]);

/** Where the calls lie in the text, with the schema before their names: characters [start, end). */
export function volatileCalls(tokens: Tokens): { start: number; end: number }[] {
  const calls: { start: number; end: number }[] = [];
  for (let index = 0; index < tokens.length; index++) {
    if (!tokens.isName(index) || !tokens.isSymbol(index + 1, '(')) continue;
    if (!VOLATILE_FUNCTIONS.has(tokens.at(index)?.text.toLowerCase() ?? '')) continue;
    let first = index;
    while (tokens.isSymbol(first - 1, '.') && tokens.isName(first - 2)) first -= 2;
    let last = index + 1;
    for (let depth = tokens.nesting(last); depth > 0 && last + 1 < tokens.length; ) depth += tokens.nesting(++last);
    calls.push({ start: tokens.start(first), end: tokens.end(last) });
  }
  return calls;
}
