/** What stands in a text in the place of a view: its rows under the names and in the types that it declares. */
import { SkuaError } from '../../errors.js';
import { quoteName } from '../../sql/index.js';
import { displayName } from '../tables/names.js';
import type { View } from '../tables/views.js';

/** `text` is the view's own with its tables bound. */
export function computedRows(view: View, text: string): string {
  // A comment at the end of the view's text must end with it.
  if (view.columns.length === 0) return `(${text}\n)`;
  const names = view.columns.map(({ name }) => quoteName(name)).join(', ');
  return `(SELECT ${declaredColumns(view)} FROM (${text}\n) AS ${quoteName('view')}(${names}))`;
}

/** `storage` is the binding name of its storage table, quoted. */
export function keptRows(view: View, storage: string): string {
  return `(SELECT ${declaredColumns(view)} FROM ${storage})`;
}

function declaredColumns({ columns }: View): string {
  const declared = columns.map(({ name, type }) => {
    const column = quoteName(name);
    return type === undefined ? column : `CAST(${column} AS ${type}) AS ${column}`;
  });
  return declared.join(', ');
}

/** A text that can't be parsed is no fault of the query's: views are kept in the dialect of whoever made them. */
export function unreadable(view: View, error: unknown): unknown {
  if (!(error instanceof SkuaError) || error.code !== 'INVALID_ARGUMENT' || !/syntax error/.test(error.message)) {
    return error;
  }
  return new SkuaError(
    'UNIMPLEMENTED',
    `View ${displayName(view.name)} is written in the dialect "${view.dialect}" and can't be read: ${error.message}`,
    { cause: error },
  );
}
