/**
 * Turns what Iceberg users write, and the engine's grammar lacks, into what it has: `FOR VERSION AS OF …`, `FOR TIMESTAMP AS OF …` and
 * `FOR VERSION FROM … TO …` into AT clauses, `catalog.a.b.table` into `catalog."a.b".table`, `pg_catalog.f()` into `f()`,
 * `table$snapshots` into a quoted name, backticks into double quotes, the escapes of ODBC and JDBC into what they stand for, `iceberg_scan(t)`
 * into `t`, and `getvariable('name')` into the value.
 */
import { schemaName } from '../tables/names.js';
import { escapeEdits } from './escapes.js';
import { quoteName, type Token, tokenize } from './lexer.js';
import { applyEdits, type Edit } from './rewrite.js';
import { tableFunction } from './table-functions.js';
import { type VariableValue, variableEdit } from './variables.js';

export function normalizeQuery(
  sql: string,
  isCatalog: (name: string) => boolean,
  variables: VariableValue = () => 'NULL',
): string {
  const tokens = tokenize(sql);
  const edits = escapeEdits(tokens);
  const clauses = new ClauseTracker();
  const inner = (text: string) => normalizeQuery(text, isCatalog, variables);
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index] as Token;
    if (token.keyword === 'FOR') {
      const clause = timeTravel(sql, tokens, index) ?? versionRange(sql, tokens, index);
      if (clause) {
        edits.push(clause.edit);
        index = clause.last;
      }
      continue;
    }
    if (namesTableAlone(token, tokens[index + 1])) {
      const start = token.keyword === 'TABLE' ? token.start : token.end;
      edits.push({ start, end: token.end, text: token.keyword === 'TABLE' ? 'FROM' : ' FROM' });
    }
    clauses.see(token);
    const literal = nanosecondLiteral(tokens, index);
    if (literal) edits.push(literal);
    if (!isName(token) || tokens[index - 1]?.text === '.') continue;
    const variable = variableEdit(tokens, index, variables);
    if (variable) {
      edits.push(variable);
      index += 3;
      continue;
    }
    const called = clauses.namesTables ? tableFunction(sql, tokens, index, inner) : undefined;
    if (called) {
      edits.push(called.edit);
      index = called.last;
      continue;
    }
    const chain = nameChain(tokens, index);
    const names = chain.map((name) => name.text);
    const end = (chain.at(-1) as Token).end;
    if (names.length > 3 && clauses.namesTables && isCatalog(names[0] as string)) {
      const path = [names[0] as string, schemaName(names.slice(1, -1)), names.at(-1) as string];
      edits.push({ start: token.start, end, text: path.map(quoteName).join('.') });
    } else {
      const call = functionInCatalog(chain, tokens[index + chain.length * 2 - 1]);
      if (call) edits.push({ start: token.start, end: call.start, text: '' });
      for (const name of chain) {
        const needsQuotes = (name.kind === 'word' && name.text.includes('$')) || sql[name.start] === '`';
        if (needsQuotes) edits.push({ start: name.start, end: name.end, text: quoteName(name.text) });
      }
    }
    index += (chain.length - 1) * 2;
  }
  return applyEdits(sql, edits);
}

/** `TIMESTAMP '…'` and `TIMESTAMPTZ '…'` with more than six digits behind the second, of which the engine would drop those. */
function nanosecondLiteral(tokens: readonly Token[], index: number): Edit | undefined {
  const first = tokens[index] as Token;
  if (first.keyword !== 'TIMESTAMP' && first.keyword !== 'TIMESTAMPTZ') return undefined;
  const words = ['WITH', 'WITHOUT'].includes(tokens[index + 1]?.keyword ?? '')
    ? tokens.slice(index, index + 4)
    : [first];
  const spelt = words.map(({ keyword }) => keyword).join(' ');
  const isZoned = spelt === 'TIMESTAMPTZ' || spelt === 'TIMESTAMP WITH TIME ZONE';
  if (!isZoned && spelt !== 'TIMESTAMP' && spelt !== 'TIMESTAMP WITHOUT TIME ZONE') return undefined;
  const literal = tokens[index + words.length];
  if (literal?.kind !== 'string' || !/:\d\d\.\d{7,9}(?!\d)/.test(literal.text)) return undefined;
  const end = (words.at(-1) as Token).end;
  return { start: first.start, end, text: isZoned ? 'TIMESTAMPTZ_NS' : 'TIMESTAMP_NS' };
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

  see(token: Token): void {
    if (token.text === '(') this.#outer.push(this.namesTables);
    else if (token.text === ')') this.namesTables = this.#outer.pop() ?? false;
    else if (TABLE_CLAUSES.has(token.keyword)) this.namesTables = true;
    else if (OTHER_CLAUSES.has(token.keyword)) this.namesTables = false;
  }
}

/** `TABLE t` and `SUMMARIZE t`, which take no alias; `FROM t` and `SUMMARIZE FROM t` mean the same and do. */
function namesTableAlone(token: Token, next: Token | undefined): boolean {
  if (token.keyword === 'TABLE') return isName(next);
  return token.keyword === 'SUMMARIZE' && isName(next) && !QUERY_STARTS.has(next.keyword);
}

const QUERY_STARTS = new Set(['SELECT', 'WITH', 'FROM', 'VALUES', 'TABLE']);

function isName(token: Token | undefined): token is Token {
  return token?.kind === 'word' || token?.kind === 'quoted';
}

/** The function's own name in `pg_catalog.version()`: tools that know PostgreSQL write it so, and all functions are found without it. */
function functionInCatalog(chain: Token[], next: Token | undefined): Token | undefined {
  const isCall = chain.length === 2 && next?.text === '(' && chain[0]?.text.toLowerCase() === 'pg_catalog';
  return isCall ? chain[1] : undefined;
}

function nameChain(tokens: Token[], first: number): Token[] {
  const chain = [tokens[first] as Token];
  for (let index = first + 1; tokens[index]?.text === '.' && isName(tokens[index + 1]); index += 2) {
    chain.push(tokens[index + 1] as Token);
  }
  return chain;
}

interface Clause {
  edit: Edit;
  /** Index of the last token that the edit replaces. */
  last: number;
}

function timeTravel(sql: string, tokens: Token[], index: number): Clause | undefined {
  const unit = tokens[index + 1]?.keyword ?? '';
  const units: Record<string, string> = {
    VERSION: 'VERSION',
    SYSTEM_VERSION: 'VERSION',
    TIMESTAMP: 'TIMESTAMP',
    SYSTEM_TIME: 'TIMESTAMP',
  };
  if (!(unit in units) || tokens[index + 2]?.keyword !== 'AS' || tokens[index + 3]?.keyword !== 'OF') return undefined;
  const first = tokens[index + 4];
  if (!first) return undefined;
  let last = index + 4;
  if (first.text === '(') {
    for (let depth = 0; last < tokens.length; last++) {
      if (tokens[last]?.text === '(') depth++;
      if (tokens[last]?.text === ')' && --depth === 0) break;
    }
  } else if (first.keyword !== '' && tokens[last + 1]?.kind === 'string') {
    last++;
  }
  return atClause(sql, tokens, index, last, `${units[unit]} => ${sql.slice(first.start, tokens[last]?.end)}`);
}

/** `FOR VERSION FROM a TO b`: each a snapshot id, a branch or a tag. */
function versionRange(sql: string, tokens: Token[], index: number): Clause | undefined {
  const [from, to] = [tokens[index + 3], tokens[index + 5]];
  const isRange =
    (tokens[index + 1]?.keyword === 'VERSION' || tokens[index + 1]?.keyword === 'SYSTEM_VERSION') &&
    tokens[index + 2]?.keyword === 'FROM' &&
    tokens[index + 4]?.keyword === 'TO';
  if (!isRange || !from || !to) return undefined;
  const range = `${from.text}..${to.text}`.replaceAll("'", "''");
  return atClause(sql, tokens, index, index + 5, `VERSION => '${range}'`);
}

/** The clause, with an alias that is written behind it moved to where the engine's grammar has it: in front. */
function atClause(sql: string, tokens: Token[], first: number, last: number, condition: string): Clause {
  const after = aliasAfter(tokens, last);
  const alias = after === last ? '' : `${sql.slice(tokens[last + 1]?.start, tokens[after]?.end)} `;
  const edit = {
    start: (tokens[first] as Token).start,
    end: (tokens[after] as Token).end,
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
function aliasAfter(tokens: Token[], last: number): number {
  const hasAs = tokens[last + 1]?.keyword === 'AS';
  const name = tokens[hasAs ? last + 2 : last + 1];
  if (!isName(name) || (!hasAs && name?.kind === 'word' && CLAUSE_WORDS.has(name.keyword))) return last;
  let end = hasAs ? last + 2 : last + 1;
  if (tokens[end + 1]?.text !== '(') return end;
  for (end++; end < tokens.length && tokens[end]?.text !== ')'; end++);
  return Math.min(end, tokens.length - 1);
}
