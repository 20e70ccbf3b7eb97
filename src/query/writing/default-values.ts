/** DEFAULT among the values of an INSERT. */
import { SkuaError } from '../../errors.js';
import { writeDefault } from '../../iceberg/index.js';
import type { NestedField } from '../../iceberg/types.js';
import { Cursor } from '../syntax/cursor.js';
import { applyEdits, type Edit } from '../syntax/rewrite.js';

/**
 * The text of `VALUES (…), …` with each bare DEFAULT replaced by the default of the column it goes to; any other query as it is. A required
 * column without a default: INVALID_ARGUMENT.
 */
export function withDefaults(sql: string, columns: readonly NestedField[]): string {
  const cursor = new Cursor(sql);
  if (!cursor.accept('VALUES')) return sql;
  const edits: Edit[] = [];
  let depth = 0;
  let column = 0;
  for (let before = ''; !cursor.ended; cursor.next()) {
    const { kind, text, keyword, start, end } = cursor.peek() as NonNullable<ReturnType<Cursor['peek']>>;
    const after = cursor.peek(1)?.text ?? '';
    if (kind === 'symbol' && '([{'.includes(text)) depth++;
    if (kind === 'symbol' && ')]}'.includes(text)) depth--;
    if (depth === 0) column = 0;
    if (depth === 1 && kind === 'symbol' && text === ',') column++;
    if (depth === 1 && keyword === 'DEFAULT' && '(,'.includes(before) && '),'.includes(after)) {
      const field = columns[column];
      if (!field) throw new SkuaError('INVALID_ARGUMENT', `There is no column for value ${column + 1}`);
      edits.push({ start, end, text: writeDefault(field) });
    }
    before = kind === 'symbol' ? text : ' ';
  }
  return applyEdits(sql, edits);
}
