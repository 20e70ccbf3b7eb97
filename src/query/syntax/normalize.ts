/**
 * Turns what Iceberg users write, and the engine's grammar lacks, into what it has: `FOR VERSION AS OF …`, `FOR TIMESTAMP AS OF …` and
 * `FOR VERSION FROM … TO …` into AT clauses, `catalog.a.b.table` into `catalog."a.b".table`, `pg_catalog.f()` into `f()`,
 * `table$snapshots` into a quoted name, backticks into double quotes, the escapes of ODBC and JDBC into what they stand for, `iceberg_scan(t)`
 * into `t`, and `getvariable('name')` into the value.
 */
import { atOnce, quoteName, STEP, syntaxError, type Token, type Tokens, tokenizeSteps } from '../../sql/index.js';
import { escapeSteps } from '../escapes/index.js';
import { schemaName } from '../tables/names.js';
import { literalEdit } from './literals.js';
import { nanosecondLiteral } from './nanosecond-literals.js';
import { type Edit, editSteps } from './rewrite.js';
import { tableFunction } from './table-functions.js';
import { type VariableValue, variableEdit } from './variables.js';

type IsCatalog = (name: string) => boolean;

/** See `tokenize` for the errors; a binary literal of other characters than hexadecimal digits, and a name of too many parts: INVALID_ARGUMENT. */
export function normalizeQuery(sql: string, isCatalog: IsCatalog, variables?: VariableValue): string {
  return atOnce(normalizeSteps(sql, isCatalog, variables));
}

/** As `normalizeQuery`, in steps. */
export function* normalizeSteps(
  sql: string,
  isCatalog: IsCatalog,
  variables: VariableValue = () => '(NULL)',
): Generator<void, string> {
  const tokens = yield* plainTokens(sql);
  const edits: Edit[] = [];
  const clauses = new ClauseTracker();
  const inner = (text: string) => normalizeQuery(text, isCatalog, variables);
  for (let index = 0, next = STEP; index < tokens.length; index++) {
    if (index >= next) {
      next = index + STEP;
      yield;
    }
    if (!tokens.isName(index)) {
      clauses.nest(tokens, index);
      const literal = literalEdit(tokens, index);
      if (literal) {
        edits.push(literal.edit);
        index = literal.last;
      }
      continue;
    }
    const token = tokens.at(index) as Token;
    const keyword = token.keyword;
    if (keyword === 'FOR') {
      const clause = timeTravel(tokens, index) ?? versionRange(tokens, index);
      if (clause) {
        edits.push(clause.edit);
        index = clause.last;
      }
      continue;
    }
    if (namesTableAlone(keyword, tokens.at(index + 1))) {
      const start = keyword === 'TABLE' ? token.start : token.end;
      edits.push({ start, end: token.end, text: keyword === 'TABLE' ? 'FROM' : ' FROM' });
    }
    clauses.see(keyword);
    const literal = nanosecondLiteral(tokens, index, keyword);
    if (literal) edits.push(literal);
    if (tokens.isSymbol(index - 1, '.')) continue;
    const variable = variableEdit(tokens, index, variables);
    if (variable) {
      edits.push(variable);
      index += 3;
      continue;
    }
    const called = clauses.namesTables ? tableFunction(tokens, index, inner) : undefined;
    if (called) {
      edits.push(called.edit);
      index = called.last;
      continue;
    }
    index = nameEdits(tokens, index, clauses.namesTables ? isCatalog : () => false, edits);
  }
  const escapes = yield* escapeSteps(tokens);
  return yield* editSteps(tokens.text, escapes.length > 0 ? [...edits, ...escapes] : edits);
}

/** The tokens of the text with blanks of one kind, since the engine counts bytes as if all others were such. */
function* plainTokens(sql: string): Generator<void, Tokens> {
  const tokens = yield* tokenizeSteps(sql);
  if (!WIDE_SPACE.test(sql)) return tokens;
  return yield* tokenizeSteps(tokens.mapBlanks((blank) => blank.replace(WIDE_SPACES, ' ')));
}

const WIDE_SPACE = /[\u00a0\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff]/;
const WIDE_SPACES = new RegExp(WIDE_SPACE, 'g');

const MOST_PARTS = 100;

/** What a name of one or more parts becomes. The index of its last token. */
function nameEdits(tokens: Tokens, first: number, isCatalog: IsCatalog, edits: Edit[]): number {
  const parts = partsOf(tokens, first);
  const last = first + (parts - 1) * 2;
  const start = tokens.start(first);
  if (parts > MOST_PARTS) throw syntaxError(tokens.text, start, `A name has more than ${MOST_PARTS} parts`);
  if (parts > 3) {
    const names = chainOf(tokens, first, parts).map(({ text }) => text);
    if (isCatalog(names[0] as string)) {
      const path = [names[0] as string, schemaName(names.slice(1, -1)), names.at(-1) as string];
      edits.push({ start, end: tokens.end(last), text: path.map(quoteName).join('.') });
      return last;
    }
  }
  if (isFunctionInCatalog(tokens, first, parts)) edits.push({ start, end: tokens.start(last), text: '' });
  for (let index = first; index <= last; index += 2) {
    if (!needsQuotes(tokens, index)) continue;
    const { start, end, text } = tokens.at(index) as Token;
    edits.push({ start, end, text: quoteName(text) });
  }
  return last;
}

/** Backticks, Unicode escapes, and words such as `table$snapshots`. */
function needsQuotes(tokens: Tokens, index: number): boolean {
  const [start, end] = [tokens.start(index), tokens.end(index)];
  if (!tokens.isWord(index)) return tokens.text.charAt(start) !== '"';
  for (let at = start + 1; at < end; at++) if (tokens.text.charCodeAt(at) === 0x24) return true;
  return false;
}

const TABLE_CLAUSES = new Set(['FROM', 'JOIN', 'INTO', 'TABLE', 'USING']);
const OTHER_CLAUSES = new Set([
  'SELECT',
  'WHERE',
  'ON',
  'GROUP',
  'HAVING',
  'ORDER',
  'LIMIT',
  'QUALIFY',
  'WINDOW',
  'SET',
  'VALUES',
]);

/** Whether names at this place of the text are those of tables: behind FROM or JOIN, up to the next clause, at the same depth. */
class ClauseTracker {
  readonly #outer: boolean[] = [];
  namesTables = false;

  see(keyword: string): void {
    if (TABLE_CLAUSES.has(keyword)) this.namesTables = true;
    else if (OTHER_CLAUSES.has(keyword)) this.namesTables = false;
  }

  nest(tokens: Tokens, index: number): void {
    if (tokens.isSymbol(index, '(')) this.#outer.push(this.namesTables);
    else if (tokens.isSymbol(index, ')')) this.namesTables = this.#outer.pop() ?? false;
  }
}

/** `TABLE t` and `SUMMARIZE t`, which take no alias; `FROM t` and `SUMMARIZE FROM t` mean the same and do. */
function namesTableAlone(keyword: string, next: Token | undefined): boolean {
  if (keyword === 'TABLE') return isName(next);
  return keyword === 'SUMMARIZE' && isName(next) && !QUERY_STARTS.has(next.keyword);
}

const QUERY_STARTS = new Set(['SELECT', 'WITH', 'FROM', 'VALUES', 'TABLE']);

function isName(token: Token | undefined): token is Token {
  return token?.kind === 'word' || token?.kind === 'quoted';
}

/** `pg_catalog.version()`: tools that know PostgreSQL write it so, and all functions are found without it. */
function isFunctionInCatalog(tokens: Tokens, first: number, parts: number): boolean {
  return parts === 2 && tokens.isSymbol(first + 3, '(') && tokens.at(first)?.text.toLowerCase() === 'pg_catalog';
}

/** How many names, with a dot between each, begin at a token. */
function partsOf(tokens: Tokens, first: number): number {
  let parts = 1;
  for (let dot = first + 1; tokens.isSymbol(dot, '.') && tokens.isName(dot + 1) && parts <= MOST_PARTS; dot += 2)
    parts++;
  return parts;
}

function chainOf(tokens: Tokens, first: number, parts: number): Token[] {
  return Array.from({ length: parts }, (_, index) => tokens.at(first + index * 2) as Token);
}

interface Clause {
  edit: Edit;
  /** Index of the last token that the edit replaces. */
  last: number;
}

function timeTravel(tokens: Tokens, index: number): Clause | undefined {
  const unit = tokens.at(index + 1)?.keyword ?? '';
  const units: Record<string, string> = {
    VERSION: 'VERSION',
    SYSTEM_VERSION: 'VERSION',
    TIMESTAMP: 'TIMESTAMP',
    SYSTEM_TIME: 'TIMESTAMP',
  };
  if (!(unit in units) || tokens.at(index + 2)?.keyword !== 'AS' || tokens.at(index + 3)?.keyword !== 'OF')
    return undefined;
  const first = tokens.at(index + 4);
  if (!first) return undefined;
  let last = index + 4;
  if (first.text === '(') {
    for (let depth = tokens.nesting(last); depth > 0 && last < tokens.length - 1; ) depth += tokens.nesting(++last);
  } else if (first.keyword !== '' && tokens.at(last + 1)?.kind === 'string') {
    last++;
  }
  return atClause(tokens, index, last, `${units[unit]} => ${tokens.text.slice(first.start, tokens.at(last)?.end)}`);
}

/** `FOR VERSION FROM a TO b`: each a snapshot id, a branch or a tag. */
function versionRange(tokens: Tokens, index: number): Clause | undefined {
  const [from, to] = [tokens.at(index + 3), tokens.at(index + 5)];
  const isRange =
    (tokens.at(index + 1)?.keyword === 'VERSION' || tokens.at(index + 1)?.keyword === 'SYSTEM_VERSION') &&
    tokens.at(index + 2)?.keyword === 'FROM' &&
    tokens.at(index + 4)?.keyword === 'TO';
  if (!isRange || !from || !to) return undefined;
  const range = `${from.text}..${to.text}`.replaceAll("'", "''");
  return atClause(tokens, index, index + 5, `VERSION => '${range}'`);
}

/** The clause, with an alias that is written behind it moved to where the engine's grammar has it: in front. */
function atClause(tokens: Tokens, first: number, last: number, condition: string): Clause {
  const after = aliasAfter(tokens, last);
  const alias = after === last ? '' : `${tokens.text.slice(tokens.at(last + 1)?.start, tokens.at(after)?.end)} `;
  const edit = {
    start: (tokens.at(first) as Token).start,
    end: (tokens.at(after) as Token).end,
    text: `${alias}AT (${condition})`,
  };
  return { edit, last: after };
}

/** Words that may follow a table and are not its alias. */
const CLAUSE_WORDS = new Set(
  (
    'WHERE JOIN LEFT RIGHT INNER FULL CROSS ON USING GROUP ORDER LIMIT OFFSET HAVING UNION EXCEPT INTERSECT WINDOW QUALIFY SAMPLE ' +
    'TABLESAMPLE NATURAL ASOF ANTI SEMI POSITIONAL SELECT LATERAL FETCH FOR WHEN SET RETURNING PIVOT UNPIVOT'
  ).split(' '),
);

/** Index of the last token of the alias behind a clause, its column names included; the clause's own last token where there is none. */
function aliasAfter(tokens: Tokens, last: number): number {
  const hasAs = tokens.at(last + 1)?.keyword === 'AS';
  const name = tokens.at(hasAs ? last + 2 : last + 1);
  if (!isName(name) || (!hasAs && name?.kind === 'word' && CLAUSE_WORDS.has(name.keyword))) return last;
  let end = hasAs ? last + 2 : last + 1;
  if (!tokens.isSymbol(end + 1, '(')) return end;
  for (end++; end < tokens.length && !tokens.isSymbol(end, ')'); end++);
  return Math.min(end, tokens.length - 1);
}
