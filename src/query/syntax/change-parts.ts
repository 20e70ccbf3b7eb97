/** What INSERT, DELETE, UPDATE and MERGE have in common. */
import { SkuaError } from '../../errors.js';
import type { Cursor } from './cursor.js';
import type { Fragments } from './fragments.js';
import type { Assignment, ChangeTarget } from './row-change.js';

/** Steps over `WITH name AS (…), …`; false where the text is not of that form. */
export function skipCommonTables(cursor: Cursor): boolean {
  cursor.expect('WITH');
  cursor.accept('RECURSIVE');
  do {
    if (cursor.peek()?.kind !== 'word' && cursor.peek()?.kind !== 'quoted') return false;
    cursor.next();
    while (!cursor.ended && cursor.peek()?.text !== ',' && !STATEMENTS.has(cursor.peek()?.keyword ?? '')) {
      if (cursor.acceptSymbol('(')) {
        cursor.until(() => false);
        if (!cursor.acceptSymbol(')')) return false;
      } else cursor.next();
    }
  } while (cursor.acceptSymbol(','));
  return !cursor.ended;
}

const STATEMENTS = new Set(['DELETE', 'UPDATE', 'MERGE', 'INSERT', 'SELECT', 'FROM', 'VALUES', 'TABLE', 'PIVOT']);

/** Words behind a table's name that are not its alias. */
const AFTER_TARGET = new Set(['USING', 'WHERE', 'SET', 'RETURNING', 'WHEN', 'ON', 'CASCADE', 'RESTRICT', 'RESTART']);

/** `table [[AS] alias]`. One that names a version: INVALID_ARGUMENT. */
export function parseTarget(cursor: Cursor, statement: string): ChangeTarget {
  const table = parseChangedTable(cursor);
  if (cursor.at('FOR') || (cursor.at('AT') && cursor.peek(1)?.text === '(')) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `${statement} changes a table as it is now; it takes no version or timestamp of ${table.at(-1)}`,
    );
  }
  const hasAs = cursor.accept('AS');
  const next = cursor.peek();
  const isAlias = next?.kind === 'quoted' || (next?.kind === 'word' && !AFTER_TARGET.has(next.keyword));
  return hasAs || isAlias ? { table, alias: cursor.name('an alias') } : { table };
}

/** `table`, `table.branch_name` or `table FOR VERSION AS OF 'branch'`, which becomes the form before. */
export function parseChangedTable(cursor: Cursor): string[] {
  const table = cursor.path('a table');
  const isNamed = cursor.at('FOR', 'VERSION', 'AS', 'OF') && cursor.peek(4)?.kind === 'string';
  if (!isNamed || /^\d+$/.test(cursor.peek(4)?.text ?? '')) return table;
  cursor.expect('FOR', 'VERSION', 'AS', 'OF');
  return [...table, `branch_${cursor.string('the name of a branch')}`];
}

/** More columns than a table can have here. */
const MOST_ASSIGNMENTS = 10_000;

/** `column = expression, struct.field = expression, column = DEFAULT` */
export function parseAssignments(cursor: Cursor, fragments: Fragments, ...stops: string[]): Assignment[] {
  const assignments: Assignment[] = [];
  do {
    if (assignments.length === MOST_ASSIGNMENTS)
      throw cursor.error(`SET has more than ${MOST_ASSIGNMENTS} assignments`);
    if (cursor.peek()?.text === '(') {
      throw new SkuaError('UNIMPLEMENTED', 'SET (…, …) = … is not supported; assign each column by itself');
    }
    const path = cursor.path('a column');
    cursor.expectSymbol('=');
    assignments.push({ path, ...parseValue(fragments, ',', ...stops) });
  } while (cursor.acceptSymbol(','));
  return assignments;
}

/** An expression; without a value for DEFAULT. */
export function parseValue(fragments: Fragments, ...stops: string[]): { value?: string } {
  const value = fragments.until('an expression', ...stops);
  return value.toUpperCase() === 'DEFAULT' ? {} : { value };
}
