/** Tables as they are read: with what lies between their rows and the statement, and with the places that their bytes are cached under. */
import { SkuaError } from '../../../errors.js';
import type { TableColumn } from '../../../expressions/index.js';
import { bindRestrictions, type ReadBarrier, refusingViolations } from '../../../governance/index.js';
import { hiddenColumns, type MetadataCache, ofStore, tableColumns } from '../../../iceberg/index.js';
import { storeIdentity } from '../../../storage/index.js';
import type { BoundStatement, PinnedTable } from '../../contract.js';
import type { TableScan } from '../contract.js';

export interface ReadableTable extends PinnedTable {
  /** The restrictions as they hold for every scan of this state of the table. */
  barrier?: ReadBarrier | undefined;
}

/** The table with what its restrictions come to. Those that don't fit the schema it is read with: PERMISSION_DENIED. */
export function readableTable(table: PinnedTable, { salt }: Pick<BoundStatement, 'salt'>): ReadableTable {
  const { restrictions, schema, metadata, displayName } = table;
  if (!restrictions) return table;
  const options = { formatVersion: metadata.formatVersion, salt };
  return { ...table, barrier: refusingViolations(displayName, () => bindRestrictions(restrictions, schema, options)) };
}

/** What the scan of a table has of its barrier. No rows of a restricted table without one: INTERNAL. */
export function barrierOf({ displayName, restrictions, barrier }: ReadableTable): Pick<TableScan, 'barrier'> {
  if (!restrictions) return {};
  if (!barrier) throw new SkuaError('INTERNAL', `The restrictions of ${displayName} are not in place`);
  const { condition, masks } = barrier;
  return { barrier: { ...(condition !== undefined && { condition }), masks } };
}

/** The columns that a statement sees: the schema's, and the hidden ones that it names. */
export function columnsOfTable({ schema, metadata, hidden = [] }: PinnedTable): readonly TableColumn[] {
  const columns = tableColumns(schema);
  return hidden.length === 0 ? columns : [...columns, ...hiddenColumns(metadata, hidden)];
}

/** Which store a location is in, for caches: bytes that one table's access opened never serve a table whose access does not. */
export function storeOf({ access, metadata }: PinnedTable, location: string): string {
  return storeIdentity(access, location, metadata.location);
}

/** The part of the cache that holds the manifests which this table's access opens. */
export function manifestsOf(manifests: MetadataCache, table: PinnedTable): MetadataCache {
  return ofStore(manifests, (location) => storeOf(table, location));
}
