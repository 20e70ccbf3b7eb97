/** Classifies one statement. Queries are handed to the engine's parser as they are; definitions are parsed here. */
import { SkuaError } from '../../errors.js';
import type { Tokens } from '../../sql/index.js';
import { refuseCall } from '../escapes/index.js';
import { parseAlter, parseComment } from './alter.js';
import { parseCall } from './call.js';
import { parseRowChange, parseTruncate } from './change.js';
import { parsePropertyKeys, QUERY_STARTS } from './clauses.js';
import { parseCreateSchema, parseCreateTable } from './create.js';
import { Cursor } from './cursor.js';
import { parseInsert } from './insert.js';
import { insteadOf } from './instead.js';
import { parseDuckDbCall, parseSelectedCall } from './procedures.js';
import { parseLogging, parsePragma, parseReset, parseSet, parseShownSetting } from './setting.js';
import { type Statement, statementName } from './statement.js';
import { parseCreateView, parseRefresh } from './view.js';

const TWO_WORD_STATEMENTS = new Set(['CREATE', 'ALTER', 'DROP', 'SHOW', 'REFRESH', 'COMMENT']);

/**
 * Parses one statement. A statement that Skua doesn't know: UNIMPLEMENTED naming it. A syntax error: INVALID_ARGUMENT with line and
 * column. The text of a query inside is not looked at yet.
 */
export function parseStatement(text: string | Tokens): Statement {
  return parseAt(new Cursor(text));
}

/** The statement that a cursor stands before, with nothing in front of it but comments. */
function parseAt(cursor: Cursor): Statement {
  const sql = cursor.text;
  const first = cursor.peek();
  if (!first) throw new SkuaError('INVALID_ARGUMENT', 'The statement is empty');
  if (first.text === '(' || (first.keyword !== 'WITH' && QUERY_STARTS.has(first.keyword)))
    return parseSelectedCall(cursor) ?? { kind: 'query', sql };
  if (first.text === '{') refuseCalls(cursor);
  switch (first.keyword) {
    case 'EXPLAIN':
      return parseExplain(cursor);
    case 'SHOW':
      return parseShow(cursor);
    case 'DESCRIBE':
    case 'DESC':
      return parseDescribe(cursor);
    case 'USE':
      return parseUse(cursor);
    case 'SET':
      return parseSet(cursor);
    case 'RESET':
      return parseReset(cursor);
    case 'INSERT':
      return parseInsert(cursor);
    case 'WITH': {
      const change = parseRowChange(cursor);
      return change ?? (cursor.at('INSERT') ? parseInsert(cursor, cursor.position) : { kind: 'query', sql });
    }
    case 'DELETE':
    case 'UPDATE':
    case 'MERGE':
      return parseRowChange(cursor) ?? { kind: 'query', sql };
    case 'KILL':
      return parseKill(cursor);
    case 'TRUNCATE':
      return parseTruncate(cursor);
    case 'CALL': {
      const statement = isProcedure(cursor) ? parseCall(cursor) : (parseLogging(cursor) ?? parseDuckDbCall(cursor));
      if (!statement) throw unknownStatement(cursor);
      return statement;
    }
    case 'PRAGMA':
      if (cursor.peek(2)?.text !== '=') throw unknownStatement(cursor);
      return parsePragma(cursor);
    case 'REFRESH':
      if (!cursor.at('REFRESH', 'MATERIALIZED')) throw unknownStatement(cursor);
      return parseRefresh(cursor);
    case 'CREATE':
      return parseCreate(cursor);
    case 'DROP':
      return parseDrop(cursor);
    case 'ALTER':
    case 'COMMENT': {
      const statement = first.keyword === 'ALTER' ? parseAlter(cursor) : parseComment(cursor);
      if (!statement) throw unknownStatement(cursor);
      return statement;
    }
    case 'BEGIN':
    case 'START':
    case 'COMMIT':
    case 'END':
    case 'ROLLBACK':
    case 'ABORT':
      return parseTransaction(cursor);
    default:
      throw unknownStatement(cursor);
  }
}

/** The procedures are those of a schema of their own, `system`. */
function isProcedure(cursor: Cursor): boolean {
  const path: string[] = [];
  for (let ahead = 1; ; ahead += 2) {
    const name = cursor.peek(ahead);
    if (name?.kind !== 'word' && name?.kind !== 'quoted') return false;
    path.push(name.text.toLowerCase());
    if (cursor.peek(ahead + 1)?.text !== '.') break;
  }
  return path.length > 1 && path.at(-2) === 'system';
}

/** `{call procedure(…)}` and `{? = call …}`, the escapes that are whole statements. */
function refuseCalls(cursor: Cursor): void {
  const word = cursor.peek(1)?.kind === 'parameter' ? 3 : 1;
  if (cursor.peek(word)?.keyword === 'CALL') throw refuseCall();
}

/** UNIMPLEMENTED for a statement that starts like one; INVALID_ARGUMENT for what is no statement at all. */
function unknownStatement(cursor: Cursor): SkuaError {
  const first = cursor.peek();
  if (first?.kind !== 'word') return cursor.error(`A statement can't start with "${first?.text}"`);
  const second = cursor.peek(1);
  if (!second && !KNOWN_ELSEWHERE.has(first.keyword)) return cursor.error(`Unknown statement "${first.text}"`);
  if (!KNOWN_ELSEWHERE.has(first.keyword) && !TWO_WORD_STATEMENTS.has(first.keyword)) {
    return cursor.error(`Unknown statement "${first.text}"`);
  }
  const isNamedByTwo = TWO_WORD_STATEMENTS.has(first.keyword) || first.keyword === 'PRAGMA' || first.keyword === 'CALL';
  const name =
    isNamedByTwo && second
      ? `${first.keyword} ${first.keyword === 'PRAGMA' || first.keyword === 'CALL' ? second.text : second.text.toUpperCase()}`
      : first.keyword;
  return new SkuaError('UNIMPLEMENTED', `${name} is not supported${insteadOf(first.keyword, second?.text ?? '')}`);
}

const KNOWN_ELSEWHERE = new Set(
  (
    'ALTER ANALYZE ATTACH CALL CHECKPOINT COMMENT COPY DEALLOCATE DELETE DETACH DO EXECUTE EXPORT FORCE GRANT IMPORT INSTALL LOAD ' +
    'MERGE OPTIMIZE PRAGMA PREPARE REFRESH RELEASE RENAME REPLACE REVOKE SAVEPOINT TRUNCATE UPDATE UPSERT VACUUM'
  ).split(' '),
);

/** `ANALYZE`, or options in parentheses as other databases take them: `(ANALYZE, FORMAT json)`. */
function explainOptions(cursor: Cursor): { analyze: boolean; format: 'text' | 'json' } {
  let analyze = cursor.accept('ANALYZE');
  let format: 'text' | 'json' = 'text';
  const first = cursor.peek(1)?.keyword;
  if (cursor.peek()?.text !== '(' || (first !== 'ANALYZE' && first !== 'FORMAT')) return { analyze, format };
  cursor.expectSymbol('(');
  do {
    if (cursor.accept('ANALYZE')) {
      analyze = !cursor.accept('FALSE');
      cursor.accept('TRUE');
      continue;
    }
    if (!cursor.accept('FORMAT')) throw cursor.error('ANALYZE or FORMAT, which EXPLAIN takes');
    if (cursor.accept('JSON')) format = 'json';
    else if (!cursor.accept('TEXT')) throw cursor.error('TEXT or JSON');
    else format = 'text';
  } while (cursor.acceptSymbol(','));
  cursor.expectSymbol(')');
  return { analyze, format };
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

function parseExplain(cursor: Cursor): Statement {
  cursor.expect('EXPLAIN');
  const options = explainOptions(cursor);
  const { analyze } = options;
  if (cursor.at('EXPLAIN'))
    throw new SkuaError(
      'UNIMPLEMENTED',
      'EXPLAIN shows the plans of queries, changes and CREATE TABLE … AS; EXPLAIN has none',
    );
  const start = cursor.position;
  const inner = parseAt(cursor.fromHere());
  const sql = cursor.rest();
  const isChange =
    inner.kind === 'delete' || inner.kind === 'update' || inner.kind === 'merge' || inner.kind === 'insert';
  const filled = inner.kind === 'create-temporary' ? inner.definition : inner;
  const source = filled.kind === 'create-table' ? filled.as : undefined;
  if (analyze && (isChange || source !== undefined)) {
    throw new SkuaError('UNIMPLEMENTED', 'EXPLAIN ANALYZE runs queries only; EXPLAIN shows the plan of a change');
  }
  if (isChange) return { kind: 'explain', ...options, sql, change: inner };
  if (source !== undefined) return { kind: 'explain', ...options, sql: source };
  if (inner.kind !== 'query') {
    throw new SkuaError(
      'UNIMPLEMENTED',
      `EXPLAIN shows the plans of queries, changes and CREATE TABLE … AS; ${statementName(inner)} has none`,
    );
  }
  // Blanks in the place of what stands before it, so that errors name places of the whole statement.
  return { kind: 'explain', ...options, sql: blank(cursor.text.slice(0, start)) + inner.sql };
}

function parseShow(cursor: Cursor): Statement {
  const unknown = () => unknownStatement(cursor);
  const kinds = {
    CATALOGS: 'catalogs',
    SCHEMAS: 'schemas',
    DATABASES: 'databases',
    NAMESPACES: 'schemas',
    TABLES: 'tables',
    VIEWS: 'views',
    COLUMNS: 'columns',
  } as const;
  const second = cursor.peek(1)?.keyword ?? '';
  if (second === 'CURRENT') {
    cursor.expect('SHOW', 'CURRENT');
    if (!cursor.accept('SCHEMA') && !cursor.accept('NAMESPACE')) cursor.expect('DATABASE');
    cursor.expectEnd();
    return { kind: 'show', what: 'current-schema' };
  }
  if (second === 'CREATE' || second === 'TBLPROPERTIES') return parseShowTable(cursor);
  if (second === 'ALL' && cursor.peek(2)?.keyword === 'TABLES') {
    cursor.expect('SHOW', 'ALL', 'TABLES');
    cursor.expectEnd();
    return { kind: 'show', what: 'all-tables' };
  }
  if (second === 'ALL' && cursor.peek(2) === undefined) return { kind: 'show', what: 'settings' };
  if (!(second in kinds)) {
    const setting = parseShownSetting(new Cursor(cursor.text));
    if (setting === undefined) throw unknown();
    return { kind: 'show', what: 'setting', setting };
  }
  cursor.next();
  cursor.next();
  const statement: Statement = { kind: 'show', what: kinds[second as keyof typeof kinds] };
  if (cursor.accept('FROM') || cursor.accept('IN')) statement.within = cursor.path();
  if (cursor.accept('LIKE')) statement.like = cursor.string('a pattern');
  cursor.expectEnd();
  // A catalog's databases can only be its schemas.
  if (statement.what === 'databases' && statement.within) statement.what = 'schemas';
  if (statement.what === 'columns' && !statement.within) throw cursor.error('Expected FROM and a table');
  return statement;
}

/** SHOW CREATE TABLE t, SHOW CREATE VIEW v, SHOW TBLPROPERTIES t [('key')]. */
function parseShowTable(cursor: Cursor): Statement {
  cursor.expect('SHOW');
  if (cursor.accept('CREATE')) {
    if (!cursor.accept('VIEW') && !cursor.accept('MATERIALIZED', 'VIEW')) cursor.expect('TABLE');
    const within = cursor.path('a table or view');
    cursor.expectEnd();
    return { kind: 'show', what: 'create-table', within };
  }
  cursor.expect('TBLPROPERTIES');
  const within = cursor.path('a table or view');
  const key = cursor.peek()?.text === '(' ? parsePropertyKeys(cursor)[0] : undefined;
  cursor.expectEnd();
  return { kind: 'show', what: 'tblproperties', within, ...(key !== undefined && { key }) };
}

function parseDescribe(cursor: Cursor): Statement {
  cursor.next();
  cursor.accept('TABLE');
  const first = cursor.peek();
  if (first && (first.text === '(' || QUERY_STARTS.has(first.keyword))) {
    return { kind: 'describe', target: { sql: cursor.rest() } };
  }
  const table = cursor.path('a table or a query');
  cursor.expectEnd();
  return { kind: 'describe', target: { table } };
}

/** KILL [QUERY] 'id' */
function parseKill(cursor: Cursor): Statement {
  cursor.expect('KILL');
  cursor.accept('QUERY');
  const id = cursor.string('the id of a statement, in quotes');
  cursor.expectEnd();
  return { kind: 'kill', id };
}

function parseUse(cursor: Cursor): Statement {
  cursor.expect('USE');
  const what = cursor.peek(1)
    ? cursor.accept('CATALOG')
      ? 'catalog'
      : acceptSchemaWord(cursor)
        ? 'schema'
        : undefined
    : undefined;
  const path = cursor.path('a catalog or schema');
  cursor.expectEnd();
  return { kind: 'use', path, what };
}

function acceptSchemaWord(cursor: Cursor): boolean {
  return cursor.accept('SCHEMA') || cursor.accept('DATABASE') || cursor.accept('NAMESPACE');
}

function parseCreate(cursor: Cursor): Statement {
  const temporary = temporaryWords(cursor);
  if (temporary) return parseCreateTemporary(cursor.text, temporary);
  if (['SCHEMA', 'DATABASE', 'NAMESPACE'].includes(cursor.peek(1)?.keyword ?? '')) return parseCreateSchema(cursor);
  const isReplacing = cursor.at('CREATE', 'OR', 'REPLACE');
  const what = cursor.peek(isReplacing ? 3 : 1);
  if (what?.keyword === 'TABLE') return parseCreateTable(cursor);
  if (what?.keyword === 'VIEW' || what?.keyword === 'MATERIALIZED') return parseCreateView(cursor);
  if (!isReplacing) throw unknownStatement(cursor);
  throw new SkuaError('UNIMPLEMENTED', `CREATE OR REPLACE ${what?.text.toUpperCase() ?? ''} is not supported`);
}

/** The place of `TEMP`, and of what may stand in front of it, in a CREATE. */
function temporaryWords(cursor: Cursor): { start: number; end: number } | undefined {
  const first = cursor.at('CREATE', 'OR', 'REPLACE') ? 3 : 1;
  const isScoped = ['LOCAL', 'GLOBAL'].includes(cursor.peek(first)?.keyword ?? '');
  const [start, last] = [cursor.peek(first), cursor.peek(isScoped ? first + 1 : first)];
  if (!start || !last || (last.keyword !== 'TEMP' && last.keyword !== 'TEMPORARY')) return undefined;
  return { start: start.start, end: last.end };
}

/** The statement without those words, each of whose places stays what it was. */
function parseCreateTemporary(text: string, { start, end }: { start: number; end: number }): Statement {
  const statement = parseCreate(new Cursor(text.slice(0, start) + ' '.repeat(end - start) + text.slice(end)));
  if (statement.kind !== 'create-table' && (statement.kind !== 'create-view' || statement.storage)) {
    throw new SkuaError('UNIMPLEMENTED', `${statementName(statement)} can't be TEMPORARY; tables and views can`);
  }
  return { kind: 'create-temporary', definition: statement };
}

function parseDrop(cursor: Cursor): Statement {
  const isMaterialized = cursor.at('DROP', 'MATERIALIZED', 'VIEW');
  const second = isMaterialized ? 'VIEW' : (cursor.peek(1)?.keyword ?? '');
  if (!['SCHEMA', 'DATABASE', 'NAMESPACE', 'TABLE', 'VIEW'].includes(second)) throw unknownStatement(cursor);
  cursor.next();
  if (isMaterialized) cursor.next();
  cursor.next();
  const ifExists = cursor.accept('IF', 'EXISTS');
  const path = cursor.path(second === 'TABLE' ? 'a table' : 'a name');
  if (second === 'TABLE' || second === 'VIEW') {
    const purge = cursor.accept('PURGE');
    cursor.expectEnd();
    const kind = second === 'TABLE' ? 'drop-table' : 'drop-view';
    return { kind, table: path, ifExists, purge, ...(isMaterialized && { isMaterialized }) };
  }
  const cascade = cursor.accept('CASCADE');
  if (!cascade) cursor.accept('RESTRICT');
  cursor.expectEnd();
  return { kind: 'drop-schema', schema: path, ifExists, cascade };
}

/** `READ ONLY` or `READ WRITE`. Whether the transaction may change nothing. */
function acceptAccessMode(cursor: Cursor): boolean {
  if (cursor.at('ISOLATION')) {
    throw new SkuaError(
      'UNIMPLEMENTED',
      'A transaction can not choose its isolation level; SHOW transaction_isolation tells what all of them have',
    );
  }
  const isReadOnly = cursor.accept('READ', 'ONLY');
  if (!isReadOnly) cursor.accept('READ', 'WRITE');
  cursor.expectEnd();
  return isReadOnly;
}

function parseTransaction(cursor: Cursor): Statement {
  const first = cursor.next().keyword;
  if (first === 'START') cursor.expect('TRANSACTION');
  else if (!cursor.accept('TRANSACTION')) cursor.accept('WORK');
  if (first === 'ROLLBACK' && cursor.at('TO')) throw new SkuaError('UNIMPLEMENTED', 'Savepoints are not supported');
  if (first === 'BEGIN' || first === 'START') return { kind: 'begin', readOnly: acceptAccessMode(cursor) };
  cursor.expectEnd();
  return { kind: first === 'COMMIT' || first === 'END' ? 'commit' : 'rollback' };
}
