/** Finds what a name stands for, with the caller's token: a table pinned to a snapshot, or a view. */
import type { CatalogSession, LoadedTable } from '../catalog/contract.js';
import { SkuaError } from '../errors.js';
import { parseTableMetadata, resolveSnapshot, schemaOf } from '../iceberg/index.js';
import type { Schema, TableMetadata } from '../iceberg/types.js';
import type { Storage } from '../storage/index.js';
import type { SnapshotPin } from './contract.js';
import type { StatementContext } from './environment.js';
import { displayName, type TableName } from './names.js';
import { parseView, type View } from './views.js';

/** A table as one statement sees it. */
export interface PinnedTable {
  name: TableName;
  loaded: LoadedTable;
  metadata: TableMetadata;
  /** Absent for a table without snapshots. */
  snapshotId: bigint | undefined;
  schema: Schema;
  storage: Storage;
}

/** Which state of the table is wanted; the text is SQL of a literal: `3`, `'main'`, `TIMESTAMP '2026-01-01'`. */
export interface TimeTravel {
  unit: 'version' | 'timestamp';
  text: string;
}

/** The catalog of that name, as the caller sees it. */
export function catalogOf(context: StatementContext, name: string): CatalogSession {
  const catalog = context.environment.catalogs.get(name);
  if (!catalog) throw new SkuaError('NOT_FOUND', `Catalog does not exist: ${name}`);
  return catalog.as(context.call.principal.token);
}

/** Loads a table. NOT_FOUND where there is none of that name. */
export async function loadTable(context: StatementContext, name: TableName): Promise<PinnedTable> {
  const loaded = await catalogOf(context, name.catalog).loadTable({ namespace: name.namespace, name: name.name });
  const committed = parseTableMetadata(loaded.metadata);
  const metadata = context.transaction?.overlay(name) ?? committed;
  const snapshotId = metadata.currentSnapshotId;
  return {
    name,
    loaded,
    metadata,
    snapshotId,
    schema: schemaOf(metadata),
    storage: context.environment.openStorage(loaded.storage),
  };
}

/** Loads a table or, where there is none of that name, a view. */
export async function loadTableOrView(context: StatementContext, name: TableName): Promise<PinnedTable | View> {
  try {
    return await loadTable(context, name);
  } catch (error) {
    if (!(error instanceof SkuaError) || error.code !== 'NOT_FOUND') throw error;
    try {
      const view = await catalogOf(context, name.catalog).loadView({ namespace: name.namespace, name: name.name });
      return parseView(name, view.metadata);
    } catch (viewError) {
      if (viewError instanceof SkuaError && viewError.code === 'NOT_FOUND') throw error;
      throw viewError;
    }
  }
}

/** The table at the snapshot that a time travel clause names, with the schema of its time. */
export function travel(table: PinnedTable, clause: TimeTravel): PinnedTable {
  const value = literalValue(clause.text);
  const snapshot = resolveSnapshot(
    table.metadata,
    clause.unit === 'timestamp' ? { timestampMs: timestampOf(value) } : versionOf(value),
  );
  return {
    ...table,
    snapshotId: snapshot.snapshotId,
    schema: schemaOf(table.metadata, snapshot.snapshotId),
  };
}

/** The table at the snapshot that was fixed earlier. A table that was replaced since: FAILED_PRECONDITION. */
export function atPin(table: PinnedTable, pin: SnapshotPin): PinnedTable {
  if (pin.tableUuid !== table.metadata.tableUuid) {
    const name = displayName(table.name);
    throw new SkuaError('FAILED_PRECONDITION', `Table ${name} was replaced after the query was planned; plan it again`);
  }
  return { ...table, snapshotId: pin.snapshotId };
}

export function pinOf(table: PinnedTable): SnapshotPin {
  return {
    catalog: table.name.catalog,
    namespace: table.name.namespace,
    table: table.name.name,
    tableUuid: table.metadata.tableUuid,
    snapshotId: table.snapshotId,
  };
}

function versionOf(value: string): { snapshotId: bigint } | { ref: string } {
  return /^\d+$/.test(value) ? { snapshotId: BigInt(value) } : { ref: value };
}

/** The value of a literal's SQL text, without its type word and quotes. */
function literalValue(text: string): string {
  const quoted = /'((?:[^']|'')*)'/.exec(text);
  return quoted ? (quoted[1] as string).replaceAll("''", "'") : text.trim();
}

/** Milliseconds since the epoch; a text without a zone is UTC. */
function timestampOf(value: string): number {
  if (/^\d+$/.test(value)) return Number(value);
  const text = value.trim().replace(' ', 'T');
  const zoned = /(?:Z|[+-]\d{2}(?::?\d{2})?)$/.test(text) && text.includes('T');
  const whole = text.includes('T') ? text : `${text}T00:00:00`;
  const time = Date.parse(zoned ? whole : `${whole}Z`);
  if (Number.isNaN(time)) throw new SkuaError('INVALID_ARGUMENT', `"${value}" is no timestamp`);
  return time;
}
