/** The table that a procedure is about. */
import { SkuaError } from '../../errors.js';
import type { StatementContext } from '../environment.js';
import { Cursor } from '../syntax/cursor.js';
import { resolveTable, type TableName } from '../tables/names.js';
import { refuseMaintenance } from '../tables/restricted.js';
import { loadTable, namesOf, type PinnedTable } from '../tables/tables.js';
import type { Arguments } from './arguments.js';

/** `'table'`, `'schema.table'` or `'catalog.schema.table'`; what is left out is that of the procedure's catalog and of the session. */
export function tableNamed(context: StatementContext, given: Arguments, parameter = 'table'): TableName {
  const text = given.required(given.string, parameter);
  const cursor = new Cursor(text);
  const path = cursor.path('a table');
  if (!cursor.ended) {
    throw new SkuaError('INVALID_ARGUMENT', `The argument ${parameter} is the name of a table, not '${text}'`);
  }
  const names = namesOf(context);
  const schema =
    names.session.catalog === given.catalog || names.catalogs.length === 1 ? names.session.schema : undefined;
  const name = resolveTable({ ...names, session: { catalog: given.catalog, schema } }, path);
  if (name.catalog === given.catalog) return name;
  throw new SkuaError(
    'INVALID_ARGUMENT',
    `The table ${text} is not in catalog ${given.catalog}, whose procedure is called; call that of ${name.catalog}`,
  );
}

/** The table of a procedure that changes it. One that the caller sees only a part of: PERMISSION_DENIED. */
export async function tableToChange(context: StatementContext, given: Arguments): Promise<PinnedTable> {
  const table = await loadTable(context, tableNamed(context, given));
  refuseMaintenance(table, given.statement);
  return table;
}
