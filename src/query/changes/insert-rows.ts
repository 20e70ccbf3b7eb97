/** INSERT … RETURNING as a change of rows that only come. */
import { SkuaError } from '../../errors.js';
import { quoteName } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import type { InsertRowsStatement } from '../syntax/row-change.js';
import { displayName } from '../tables/names.js';
import type { PinnedTable } from '../tables/tables.js';
import { insertedColumns } from '../writing/insert.js';
import { hasRowIds } from '../writing/lineage.js';
import { assignedColumns, type ChangeQuery, changeColumns } from './change-query.js';

export async function insertRowsQuery(
  context: StatementContext,
  table: PinnedTable,
  { insert }: InsertRowsStatement,
): Promise<ChangeQuery> {
  const { sql, targets, values, describe } = await insertedColumns(context, table, insert);
  if (targets === 0) throw new SkuaError('INVALID_ARGUMENT', `INSERT into ${displayName(table.name)} names no column`);
  const own = [
    'CAST(NULL AS VARCHAR)',
    'CAST(NULL AS BIGINT)',
    ...(hasRowIds(table) ? ['CAST(NULL AS BIGINT)'] : []),
    'true',
  ];
  const columns = Array.from({ length: targets }, (_, index) => quoteName(`c${index}`)).join(', ');
  return {
    sql: `SELECT ${[...own, ...values].join(', ')} FROM (${sql}\n) AS ${quoteName('source')}(${columns})`,
    columns: changeColumns(table, { writes: true, ordinal: false }),
    checked: assignedColumns(table.schema.fields.map(({ id }) => id)),
    describe,
    writes: true,
    twice: 'never',
  };
}
