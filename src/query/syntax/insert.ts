/** INSERT. */
import { SkuaError } from '../../errors.js';
import { parseChangedTable } from './change-parts.js';
import { parseNames, QUERY_STARTS } from './clauses.js';
import type { Cursor } from './cursor.js';
import type { Statement } from './statement.js';

export function parseInsert(cursor: Cursor): Statement {
  cursor.expect('INSERT');
  if (cursor.at('OR')) {
    throw new SkuaError('UNIMPLEMENTED', `INSERT OR ${cursor.peek(1)?.keyword} is not supported; write MERGE INTO`);
  }
  const overwrite = cursor.accept('OVERWRITE');
  if (!cursor.accept('INTO') && !overwrite) cursor.expect('INTO');
  cursor.accept('TABLE');
  const table = parseChangedTable(cursor);
  if (cursor.at('PARTITION')) {
    throw new SkuaError('UNIMPLEMENTED', 'INSERT … PARTITION is not supported; give the partition with the rows');
  }
  const columns = startsColumns(cursor) ? parseNames(cursor) : undefined;
  const byName = cursor.accept('BY', 'NAME');
  if (byName && columns) throw cursor.error('BY NAME and a list of columns exclude each other');
  const statement = { kind: 'insert' as const, table, columns, byName, overwrite };
  if (!byName && !columns && cursor.accept('DEFAULT', 'VALUES')) {
    const returning = returningOf(cursor);
    cursor.expectEnd();
    return { ...statement, ...returning };
  }
  const first = cursor.peek();
  if (!first || (first.text !== '(' && !QUERY_STARTS.has(first.keyword)))
    throw cursor.error('Expected VALUES or a query');
  const sql = cursor.until(({ keyword }) => keyword === 'RETURNING' || cursor.at('ON', 'CONFLICT'));
  if (cursor.at('ON')) {
    throw new SkuaError('UNIMPLEMENTED', 'INSERT … ON CONFLICT is not supported; write MERGE INTO');
  }
  const returning = returningOf(cursor);
  cursor.expectEnd();
  if (overwrite && returning.returning !== undefined) {
    throw new SkuaError('UNIMPLEMENTED', 'INSERT OVERWRITE … RETURNING is not supported; INSERT INTO … RETURNING is');
  }
  return { ...statement, sql, ...returning };
}

/** A parenthesis may also begin a query. */
function startsColumns(cursor: Cursor): boolean {
  const next = cursor.peek(1);
  if (cursor.peek()?.text !== '(' || !next) return false;
  return next.kind === 'quoted' || (next.kind === 'word' && !QUERY_STARTS.has(next.keyword));
}

function returningOf(cursor: Cursor): { returning?: string } {
  if (!cursor.accept('RETURNING')) return {};
  const returning = cursor.rest().replace(/;\s*$/, '').trimEnd();
  if (returning === '') throw cursor.error('Expected an expression after RETURNING');
  return { returning };
}
