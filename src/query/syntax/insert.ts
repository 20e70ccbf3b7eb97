/** INSERT. */
import { SkuaError } from '../../errors.js';
import { parseNames, QUERY_STARTS } from './clauses.js';
import type { Cursor } from './cursor.js';
import type { Statement } from './statement.js';

export function parseInsert(cursor: Cursor): Statement {
  cursor.expect('INSERT');
  if (cursor.at('OR')) throw new SkuaError('UNIMPLEMENTED', `INSERT OR ${cursor.peek(1)?.keyword} is not supported`);
  const overwrite = cursor.accept('OVERWRITE');
  if (!cursor.accept('INTO') && !overwrite) cursor.expect('INTO');
  cursor.accept('TABLE');
  const table = cursor.path('a table');
  if (cursor.at('PARTITION')) {
    throw new SkuaError('UNIMPLEMENTED', 'INSERT … PARTITION is not supported; give the partition with the rows');
  }
  const columns = startsColumns(cursor) ? parseNames(cursor) : undefined;
  const byName = cursor.accept('BY', 'NAME');
  if (byName && columns) throw cursor.error('BY NAME and a list of columns exclude each other');
  const statement = { kind: 'insert' as const, table, columns, byName, overwrite };
  if (!byName && !columns && cursor.accept('DEFAULT', 'VALUES')) {
    cursor.expectEnd();
    return statement;
  }
  const first = cursor.peek();
  if (!first || (first.text !== '(' && !QUERY_STARTS.has(first.keyword)))
    throw cursor.error('Expected VALUES or a query');
  if (/\b(?:RETURNING|ON\s+CONFLICT)\b/i.test(cursor.text.slice(cursor.position))) {
    refuseInsertClauses(cursor.fromHere());
  }
  return { ...statement, sql: cursor.rest() };
}

/** A parenthesis may also begin a query. */
function startsColumns(cursor: Cursor): boolean {
  const next = cursor.peek(1);
  if (cursor.peek()?.text !== '(' || !next) return false;
  return next.kind === 'quoted' || (next.kind === 'word' && !QUERY_STARTS.has(next.keyword));
}

function refuseInsertClauses(cursor: Cursor): void {
  cursor.until((token) => token.keyword === 'RETURNING' || token.keyword === 'ON');
  for (; !cursor.ended; cursor.next()) {
    if (cursor.at('RETURNING')) throw new SkuaError('UNIMPLEMENTED', 'INSERT … RETURNING is not supported');
    if (cursor.at('ON', 'CONFLICT')) throw new SkuaError('UNIMPLEMENTED', 'INSERT … ON CONFLICT is not supported');
  }
}
