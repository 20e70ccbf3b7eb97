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

/** What else has another value at another time, or for another principal or session. */
const MOMENTARY_FUNCTIONS: ReadonlySet<string> = new Set([
  ...VOLATILE_FUNCTIONS,
  ...(
    'age ago current_catalog current_connection_id current_database current_date current_localtime current_localtimestamp current_query ' +
    'current_query_id current_schema current_schemas current_setting current_time current_timestamp current_transaction_id current_user ' +
    'currval get_current_time get_current_timestamp getvariable in_search_path localtime localtimestamp nextval now session_user setseed ' +
    'today transaction_timestamp txid_current user'
  ).split(' '),
]);

/** Those that stand without parentheses. */
const MOMENTARY_WORDS: ReadonlySet<string> = new Set(
  'current_catalog current_date current_schema current_time current_timestamp current_user localtime localtimestamp session_user user'.split(
    ' ',
  ),
);

/** The first call of a function that gives something else at another time, or to somebody else, as a sentence has it; undefined where there is none. */
export function momentaryCall(tokens: Tokens): string | undefined {
  for (let index = 0; index < tokens.length; index++) {
    if (!tokens.isName(index)) continue;
    const token = tokens.at(index);
    const name = token?.text.toLowerCase() ?? '';
    if (tokens.isSymbol(index + 1, '(') && MOMENTARY_FUNCTIONS.has(name)) return `${name}()`;
    const isWord = token?.kind === 'word' && !tokens.isSymbol(index - 1, '.') && !tokens.isSymbol(index + 1, '.');
    if (isWord && MOMENTARY_WORDS.has(name)) return name;
  }
  return undefined;
}
