/** SET: `SET name = value`, and the forms of the standard that have words of their own. */
import { SkuaError } from '../../errors.js';
import { parseCall } from './call.js';
import type { Cursor } from './cursor.js';

export interface SetStatement {
  kind: 'set';
  /** As written, or the name that stands for the standard's words: `timezone`, `transaction_isolation`. */
  name: string;
  /** Names and texts without their quotes. Empty for DEFAULT. */
  values: string[];
}

export interface SetVariableStatement {
  kind: 'set-variable';
  name: string;
  /** An expression. Absent where the variable goes. */
  sql?: string;
}

/** `SET VARIABLE name = expression` */
function parseSetVariable(cursor: Cursor): SetVariableStatement {
  const name = cursor.name('a variable');
  if (!cursor.acceptSymbol('=')) cursor.expect('TO');
  const sql = cursor.rest().replace(/;\s*$/, '').trimEnd();
  if (sql === '') throw cursor.error('Expected a value');
  return { kind: 'set-variable', name, sql };
}

/** `RESET VARIABLE name`, `RESET setting` */
export function parseReset(cursor: Cursor): SetStatement | SetVariableStatement {
  cursor.expect('RESET');
  if (cursor.at('VARIABLE') && cursor.peek(1)) {
    cursor.next();
    const name = cursor.name('a variable');
    cursor.expectEnd();
    return { kind: 'set-variable', name };
  }
  const isScoped = cursor.at('SESSION') || cursor.at('LOCAL') || cursor.at('GLOBAL');
  if (isScoped && cursor.peek(1)?.kind === 'word') cursor.next();
  const name = cursor.accept('TIME', 'ZONE') ? 'timezone' : cursor.path('the name of a setting').join('.');
  cursor.expectEnd();
  return { kind: 'set', name, values: [] };
}

export function parseSet(cursor: Cursor): SetStatement | SetVariableStatement {
  cursor.expect('SET');
  if (cursor.at('VARIABLE') && cursor.peek(1)?.text !== '=' && !cursor.at('VARIABLE', 'TO')) {
    cursor.next();
    return parseSetVariable(cursor);
  }
  if (cursor.accept('SESSION', 'CHARACTERISTICS', 'AS', 'TRANSACTION') || cursor.accept('TRANSACTION')) {
    return parseIsolation(cursor);
  }
  const isScoped = cursor.at('SESSION') || cursor.at('LOCAL') || cursor.at('GLOBAL');
  if (isScoped && cursor.peek(1)?.kind === 'word') cursor.next();
  if (cursor.accept('TIME', 'ZONE')) return { kind: 'set', name: 'timezone', values: parseValues(cursor) };
  const name = cursor.path('the name of a setting').join('.');
  if (!cursor.acceptSymbol('=') && !cursor.accept('TO') && !WITHOUT_SIGN.has(name.toLowerCase())) {
    throw cursor.error('Expected = or TO');
  }
  return { kind: 'set', name, values: parseValues(cursor) };
}

/** `PRAGMA name = value`, which is DuckDB's older form of SET. */
export function parsePragma(cursor: Cursor): SetStatement {
  cursor.expect('PRAGMA');
  const name = cursor.name('the name of a setting');
  cursor.expectSymbol('=');
  return { kind: 'set', name, values: parseValues(cursor) };
}

/** `CALL enable_logging(…)` and `CALL disable_logging()`, which set `enable_logging`; undefined for other calls. */
export function parseLogging(cursor: Cursor): SetStatement | undefined {
  const procedure = cursor.peek(1)?.text.toLowerCase();
  if (procedure !== 'enable_logging' && procedure !== 'disable_logging') return undefined;
  parseCall(cursor);
  return { kind: 'set', name: 'enable_logging', values: [String(procedure === 'enable_logging')] };
}

/** `SET SCHEMA 'a'`, `SET NAMES 'UTF8'`. */
const WITHOUT_SIGN = new Set(['catalog', 'schema', 'names']);

/** `SHOW name`, `SHOW TIME ZONE`, `SHOW TRANSACTION ISOLATION LEVEL`; undefined for what is none of these. */
export function parseShownSetting(cursor: Cursor): string | undefined {
  const name = settingAfter(cursor);
  return name !== undefined && cursor.ended ? name : undefined;
}

function settingAfter(cursor: Cursor): string | undefined {
  cursor.expect('SHOW');
  if (cursor.accept('TIME', 'ZONE')) return 'timezone';
  if (cursor.accept('TRANSACTION', 'ISOLATION', 'LEVEL')) return 'transaction_isolation';
  return cursor.ended ? undefined : cursor.path().join('.');
}

/** Levels of isolation, and `READ WRITE`. READ ONLY would be a promise that nothing keeps. */
function parseIsolation(cursor: Cursor): SetStatement {
  if (!cursor.at('ISOLATION') && cursor.accept('READ', 'WRITE')) {
    cursor.expectEnd();
    return { kind: 'set', name: 'transaction_isolation', values: [] };
  }
  if (cursor.at('READ', 'ONLY')) throw new SkuaError('UNIMPLEMENTED', 'READ ONLY transactions are not supported');
  cursor.expect('ISOLATION', 'LEVEL');
  const level = [cursor.name('a level')];
  while (!cursor.ended) level.push(cursor.name('a level'));
  return { kind: 'set', name: 'transaction_isolation', values: [level.join(' ')] };
}

function parseValues(cursor: Cursor): string[] {
  if (cursor.accept('DEFAULT')) {
    cursor.expectEnd();
    return [];
  }
  const values: string[] = [];
  do values.push(parseValue(cursor));
  while (cursor.acceptSymbol(','));
  cursor.expectEnd();
  return values;
}

/** A text, a number with or without a sign, or a name of one or more parts, which comes back as it was written. */
function parseValue(cursor: Cursor): string {
  if (cursor.peek(1)?.kind === 'number') {
    if (cursor.acceptSymbol('-')) return `-${cursor.next().text}`;
    if (cursor.acceptSymbol('+')) return cursor.next().text;
  }
  const token = cursor.peek();
  if (token?.kind === 'string' || token?.kind === 'number') return cursor.next().text;
  const start = cursor.position;
  cursor.path('a value');
  return cursor.text.slice(start, cursor.ended ? undefined : cursor.position).trim();
}
