/** INSERT. */
import { SkuaError } from '../../errors.js';
import { parseNames, QUERY_STARTS } from './clauses.js';
import { Cursor } from './cursor.js';
import type { Statement } from './statement.js';

export function parseInsert(cursor: Cursor): Statement {
  cursor.expect('INSERT');
  if (cursor.at('OVERWRITE')) throw new SkuaError('UNIMPLEMENTED', 'INSERT OVERWRITE is not supported');
  if (cursor.at('OR')) throw new SkuaError('UNIMPLEMENTED', `INSERT OR ${cursor.peek(1)?.keyword} is not supported`);
  cursor.expect('INTO');
  cursor.accept('TABLE');
  const table = cursor.path('a table');
  let columns: string[] | undefined;
  if (
    cursor.peek()?.text === '(' &&
    !['SELECT', 'WITH', 'VALUES', 'FROM', ''].includes(cursor.peek(1)?.keyword ?? '')
  ) {
    columns = parseNames(cursor);
  } else if (cursor.peek()?.text === '(' && cursor.peek(1)?.kind === 'quoted') {
    columns = parseNames(cursor);
  }
  if (cursor.at('BY', 'NAME')) throw new SkuaError('UNIMPLEMENTED', 'INSERT … BY NAME is not supported');
  if (cursor.at('DEFAULT', 'VALUES')) throw new SkuaError('UNIMPLEMENTED', 'INSERT … DEFAULT VALUES is not supported');
  const first = cursor.peek();
  if (!first || (first.text !== '(' && !QUERY_STARTS.has(first.keyword)))
    throw cursor.error('Expected VALUES or a query');
  const sql = cursor.rest();
  if (/\b(?:RETURNING|ON\s+CONFLICT)\b/i.test(sql)) refuseInsertClauses(sql);
  return { kind: 'insert', table, columns, sql };
}

function refuseInsertClauses(sql: string): void {
  const cursor = new Cursor(sql);
  cursor.until((token) => token.keyword === 'RETURNING' || token.keyword === 'ON');
  for (; !cursor.ended; cursor.next()) {
    if (cursor.at('RETURNING')) throw new SkuaError('UNIMPLEMENTED', 'INSERT … RETURNING is not supported');
    if (cursor.at('ON', 'CONFLICT')) throw new SkuaError('UNIMPLEMENTED', 'INSERT … ON CONFLICT is not supported');
  }
}
