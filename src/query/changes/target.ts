/** The table that a statement changes, in one state throughout. */
import { SkuaError } from '../../errors.js';
import { hiddenColumnNames, METADATA_TABLES } from '../../iceberg/index.js';
import { quoteName, tokenize } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { forChange } from '../reading/planned-by-catalog.js';
import type { ChangeTarget } from '../syntax/row-change.js';
import { displayName } from '../tables/names.js';
import { refuseChanges } from '../tables/restricted.js';
import type { PinnedTable } from '../tables/tables.js';
import { loadTargetNamed } from '../tables/targets.js';
import { temporaryTable } from '../tables/temporary.js';

/** What is no table whose rows can be changed: INVALID_ARGUMENT. A table with columns that hide its rows' positions: UNIMPLEMENTED. */
export async function loadTarget(
  context: StatementContext,
  target: ChangeTarget,
  statement: string,
): Promise<PinnedTable> {
  const { table: path } = target;
  const last = path.at(-1) as string;
  const refuse = (what: string) =>
    new SkuaError('INVALID_ARGUMENT', `${path.join('.')} is ${what}; ${statement} changes tables`);
  if (temporaryTable(context, path)) throw refuse('a temporary table');
  if (path.at(-2)?.toLowerCase() === 'information_schema') throw refuse('a table of the catalog itself');
  if (target.with !== undefined && path.length === 1 && definesTable(target.with, last)) {
    throw refuse('a common table expression of the statement');
  }
  const found = await loadTargetNamed(context, path).catch((error: unknown) => {
    const isMissing = error instanceof SkuaError && error.code === 'NOT_FOUND';
    throw isMissing && isMetadataTable(last) ? refuse('a metadata table') : error;
  });
  if ('sql' in found) throw refuse('a view');
  refuseChanges(found, statement);
  const own = new Set(found.schema.fields.map(({ name }) => name.toLowerCase()));
  const hidden = rowColumns(found).find((name) => own.has(name));
  if (hidden !== undefined) {
    throw new SkuaError(
      'UNIMPLEMENTED',
      `Table ${displayName(found.name)} has a column ${hidden} of its own; its rows can't be changed`,
    );
  }
  return forChange(found);
}

/** Hidden columns that tell a row from others, and what has to stay with it. */
export function rowColumns({ metadata }: PinnedTable): string[] {
  const wanted = ['_file', '_pos', '_row_id', '_last_updated_sequence_number'];
  return hiddenColumnNames(metadata).filter((name) => wanted.includes(name));
}

/** The name by which the statement's expressions know the table. */
export function qualifierOf(target: ChangeTarget): string {
  return target.alias ?? (target.table.at(-1) as string);
}

/** The table as it stands in a FROM clause. */
export function targetSql(target: ChangeTarget): string {
  const path = target.table.map(quoteName).join('.');
  return target.alias === undefined ? path : `${path} AS ${quoteName(target.alias)}`;
}

function isMetadataTable(name: string): boolean {
  const kind = name.slice(name.lastIndexOf('$') + 1).toLowerCase();
  return name.lastIndexOf('$') > 0 && [...METADATA_TABLES, 'changes'].includes(kind);
}

function definesTable(ctes: string, name: string): boolean {
  const tokens = tokenize(ctes);
  return tokens.someName(({ text }, index) => {
    if (text.toLowerCase() !== name.toLowerCase()) return false;
    return tokens.isSymbol(index + 1, '(') || tokens.at(index + 1)?.keyword === 'AS';
  });
}
