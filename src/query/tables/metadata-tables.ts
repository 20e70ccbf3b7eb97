/** Iceberg's metadata tables, as `"table$snapshots"`. */
import type { TableReference } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import { FUNCTION_TABLES, METADATA_TABLES, metadataTable } from '../../iceberg/index.js';
import type { StatementContext } from '../environment.js';
import { type RowsTable, rowsTable } from '../rows.js';
import { displayName, type NameContext, resolveTable, type TableName } from './names.js';
import { refuseInsight } from './restricted.js';
import { loadTable, metadataCacheOf } from './tables.js';
import { travel } from './travel.js';

/** `"table$changes"`, which is made of two scans of the table. */
export function isChangesTable(reference: TableReference): boolean {
  return /.\$changes$/i.test(reference.path.at(-1) as string);
}

/** Metadata tables of ids and times alone, which callers may read of a restricted table too. */
const TELL_NO_VALUES: readonly string[] = ['history', 'refs'];

/** The metadata table that a reference means; undefined where the name does not end in `$` and the name of one. */
export async function metadataTableOf(
  context: StatementContext,
  names: NameContext,
  reference: TableReference,
): Promise<RowsTable | undefined> {
  const written = reference.path.at(-1) as string;
  const split = written.lastIndexOf('$');
  const kind = written.slice(split + 1).toLowerCase();
  const known = [...METADATA_TABLES, ...FUNCTION_TABLES].find((candidate) => candidate === kind);
  if (split <= 0 || !known) return undefined;
  const name = resolveTable(names, [...reference.path.slice(0, -1), written.slice(0, split)]);
  const current = await loadTable(context, name);
  if (!TELL_NO_VALUES.includes(known)) refuseInsight(current, `Metadata table $${known}`);
  const table = reference.at ? travel(current, reference.at) : current;
  const { schema, rows } = await metadataTable(known, table.metadata, {
    storage: table.storage,
    snapshotId: table.snapshotId,
    metadataLocation: table.loaded.metadataLocation,
    cache: metadataCacheOf(context, table),
    signal: context.call.signal,
  });
  return rowsTable(`${displayName(name)}$${known}@${table.snapshotId ?? ''}`, schema, rows);
}

/** NOT_FOUND of a table whose name looks like that of a metadata table, with the names that there are. */
export function withMetadataTables(error: unknown, name: TableName): unknown {
  if (!(error instanceof SkuaError) || error.code !== 'NOT_FOUND' || !name.name.includes('$')) return error;
  const known = [...METADATA_TABLES, 'position_deletes', 'changes'].map((kind) => `$${kind}`).join(', ');
  return new SkuaError('NOT_FOUND', `${error.message}; metadata tables are ${known}`, { cause: error });
}
