/** Iceberg's metadata tables, as `"table$snapshots"`. */
import type { TableReference } from '../engine/contract.js';
import { SkuaError } from '../errors.js';
import { METADATA_TABLES, metadataTable } from '../iceberg/index.js';
import type { StatementContext } from './environment.js';
import { displayName, type NameContext, resolveTable } from './names.js';
import { type RowsTable, rowsTable } from './rows.js';
import { loadTable, travel } from './tables.js';

/** The metadata table that a reference means; undefined where the name has no `$`. Unknown metadata table: NOT_FOUND. */
export async function metadataTableOf(
  context: StatementContext,
  names: NameContext,
  reference: TableReference,
): Promise<RowsTable | undefined> {
  const written = reference.path.at(-1) as string;
  const split = written.lastIndexOf('$');
  if (split <= 0) return undefined;
  const kind = written.slice(split + 1).toLowerCase();
  const known = METADATA_TABLES.find((candidate) => candidate === kind);
  if (!known) {
    throw new SkuaError(
      'NOT_FOUND',
      `Metadata table does not exist: ${written}; there are ${METADATA_TABLES.map((name) => `$${name}`).join(', ')}`,
    );
  }
  const name = resolveTable(names, [...reference.path.slice(0, -1), written.slice(0, split)]);
  const current = await loadTable(context, name);
  const table = reference.at ? travel(current, reference.at) : current;
  const { schema, rows } = await metadataTable(known, table.metadata, {
    storage: table.storage,
    snapshotId: table.snapshotId,
  });
  return rowsTable(`${displayName(name)}$${known}@${table.snapshotId ?? ''}`, schema, rows);
}
