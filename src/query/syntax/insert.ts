/** INSERT. */
import { SkuaError } from '../../errors.js';
import { parseChangedTable } from './change-parts.js';
import { parseNames, QUERY_STARTS } from './clauses.js';
import type { Cursor } from './cursor.js';
import type { Statement } from './statement.js';

/** `ctes`: where common table expressions in front of the statement end, which begin its text. */
export function parseInsert(cursor: Cursor, ctes = 0): Statement {
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
  const start = cursor.position;
  const query = cursor.until(({ keyword }) => keyword === 'RETURNING' || cursor.at('ON', 'CONFLICT'));
  if (cursor.at('ON')) {
    throw new SkuaError('UNIMPLEMENTED', 'INSERT … ON CONFLICT is not supported; write MERGE INTO');
  }
  const returning = returningOf(cursor);
  cursor.expectEnd();
  if (overwrite && returning.returning !== undefined) {
    throw new SkuaError('UNIMPLEMENTED', 'INSERT OVERWRITE … RETURNING is not supported; INSERT INTO … RETURNING is');
  }
  return { ...statement, sql: inPlace(cursor.text.slice(0, start), query, ctes), ...returning };
}

/**
 * The query with the common table expressions in front of it, and blanks in the place of what else stands before it, so that errors name places of the
 * whole statement. Without any the query alone.
 */
function inPlace(before: string, query: string, ctes: number): string {
  if (ctes === 0) return query;
  const between = before.slice(ctes).replace(/[^\n]/g, ' ');
  const hasOwn = /^WITH\b/i.test(query);
  const nested = 'FROM (';
  return before.slice(0, ctes) + (hasOwn ? `${nested}${between.slice(nested.length)}${query})` : between + query);
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
