/** DELETE, UPDATE and TRUNCATE. */
import { parseAssignments, parseTarget, skipCommonTables } from './change-parts.js';
import type { Cursor } from './cursor.js';
import { Fragments } from './fragments.js';
import { parseMerge } from './merge.js';
import type {
  ChangeTarget,
  DeleteStatement,
  MergeStatement,
  RowChange,
  TruncateStatement,
  UpdateStatement,
} from './row-change.js';

/**
 * DELETE, UPDATE or MERGE, which may have common table expressions in front; undefined for any other statement, and the cursor then is behind
 * the common table expressions.
 */
export function parseRowChange(cursor: Cursor): RowChange | undefined {
  const fragments = new Fragments(cursor);
  const start = cursor.position;
  if (cursor.at('WITH') && !skipCommonTables(cursor)) return undefined;
  const ctes = cursor.position > start ? { with: fragments.between(start, cursor.position) } : {};
  const statement = parseAfterCommonTables(cursor, fragments, ctes);
  if (!statement) return undefined;
  const returning = cursor.accept('RETURNING') ? { returning: fragments.until('an expression') } : {};
  cursor.expectEnd();
  return { ...statement, ...returning, written: { sql: cursor.text, pieces: fragments.pieces } };
}

function parseAfterCommonTables(
  cursor: Cursor,
  fragments: Fragments,
  ctes: Pick<ChangeTarget, 'with'>,
): DeleteStatement | UpdateStatement | MergeStatement | undefined {
  if (cursor.accept('DELETE')) return parseDelete(cursor, fragments, ctes);
  if (cursor.accept('UPDATE')) return parseUpdate(cursor, fragments, ctes);
  if (cursor.accept('MERGE')) return parseMerge(cursor, fragments, ctes);
  return undefined;
}

function parseDelete(cursor: Cursor, fragments: Fragments, ctes: Pick<ChangeTarget, 'with'>): DeleteStatement {
  cursor.expect('FROM');
  const target = { ...parseTarget(cursor, 'DELETE'), ...ctes };
  const using = cursor.accept('USING') ? fragments.until('tables', 'WHERE', 'RETURNING') : undefined;
  const where = cursor.accept('WHERE') ? fragments.until('a condition', 'RETURNING') : undefined;
  return { kind: 'delete', target, ...(using !== undefined && { using }), ...(where !== undefined && { where }) };
}

function parseUpdate(cursor: Cursor, fragments: Fragments, ctes: Pick<ChangeTarget, 'with'>): UpdateStatement {
  const target = { ...parseTarget(cursor, 'UPDATE'), ...ctes };
  cursor.expect('SET');
  const assignments = parseAssignments(cursor, fragments, 'FROM', 'WHERE', 'RETURNING');
  const from = cursor.accept('FROM') ? fragments.until('tables', 'WHERE', 'RETURNING') : undefined;
  const where = cursor.accept('WHERE') ? fragments.until('a condition', 'RETURNING') : undefined;
  return {
    kind: 'update',
    target,
    assignments,
    ...(from !== undefined && { from }),
    ...(where !== undefined && { where }),
  };
}

/** `TRUNCATE [TABLE] t` */
export function parseTruncate(cursor: Cursor): TruncateStatement {
  cursor.expect('TRUNCATE');
  cursor.accept('TABLE');
  const target = parseTarget(cursor, 'TRUNCATE');
  cursor.expectEnd();
  return { kind: 'truncate', target };
}
