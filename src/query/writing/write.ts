/**
 * Appends rows to a table: the engine writes Parquet, the files are uploaded, and one snapshot is committed with the caller's token. What
 * was uploaded for a change that did not take effect is removed again.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CommitStateUnknown } from '../../catalog/index.js';
import type { CheckedColumns, FetchMissing, TableScan } from '../../engine/contract.js';
import { messageOf, SkuaError, toSkuaError } from '../../errors.js';
import type { TableColumn } from '../../expressions/index.js';
import {
  applySnapshot,
  dataFileFromWritten,
  newDataLocation,
  type PreparedSnapshot,
  planScan,
  prepareSnapshot,
  removalKey,
  type SnapshotChange,
  tableColumns,
  writeLayout,
} from '../../iceberg/index.js';
import type { DataFile, DeleteFile, TableMetadata } from '../../iceberg/types.js';
import type { StatementContext } from '../environment.js';
import { inParallel } from '../parallel.js';
import { refuseSpatialWrites } from '../reading/refusals.js';
import { displayName } from '../tables/names.js';
import { refuseChanges } from '../tables/restricted.js';
import { catalogOf, loadTable, type PinnedTable } from '../tables/tables.js';
import type { Transaction } from '../tables/transaction.js';
import { annotate } from './annotations.js';
import { executionSummary, refuseRepetition } from './execution.js';
import { mayRetry } from './retries.js';

export interface RowSource {
  /** Columns in table order. */
  sql: string;
  /** Does the work that reads the rows; again with other scans where files that it reads turn out to be damaged. */
  read<T>(work: (scans: TableScan[], fetch?: FetchMissing) => Promise<T>): Promise<T>;
  /** Default: all columns. */
  checked?: CheckedColumns;
}

/**
 * Asks the catalog whether the caller may change the table, by a commit that changes nothing: it sets the main branch to where it is. Asking
 * first means that nothing is computed or uploaded for a change that will be refused. A change that the table has already: AlreadyCommitted.
 */
export async function authorizeChange(context: StatementContext, table: PinnedTable): Promise<void> {
  refuseRepetition(context, table.metadata);
  const { tableUuid, refs } = table.metadata;
  const requirements: Record<string, unknown>[] = [{ type: 'assert-table-uuid', uuid: tableUuid }];
  const updates: Record<string, unknown>[] = [];
  const { main } = refs;
  if (main) {
    requirements.push({ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': main.snapshotId });
    updates.push({
      action: 'set-snapshot-ref',
      'ref-name': 'main',
      type: main.type,
      'snapshot-id': main.snapshotId,
      'min-snapshots-to-keep': main.minSnapshotsToKeep,
      'max-snapshot-age-ms': main.maxSnapshotAgeMs,
      'max-ref-age-ms': main.maxRefAgeMs,
    });
  }
  try {
    await catalogOf(context, table.name.catalog).commitTable(table.name, { requirements, updates });
  } catch (error) {
    // The requirement failed because somebody else was faster, or the branch is at a snapshot of this transaction: allowed all the same.
    if (!(error instanceof SkuaError) || error.code !== 'ABORTED') throw error;
  }
}

/** Appends the rows of a query; how many there were. */
export async function appendRows(context: StatementContext, table: PinnedTable, source: RowSource): Promise<number> {
  const files = await writeDataFiles(context, table, source);
  const rows = recordsOf(files);
  if (files.length === 0) return 0;
  await commitAppend(context, table, files);
  return rows;
}

/**
 * Writes and uploads the rows of a query as data files of the table's default partition spec, not yet part of any snapshot. `columns` are those
 * of the query, by default the table's.
 */
export async function writeDataFiles(
  context: StatementContext,
  table: PinnedTable,
  source: RowSource,
  columns: TableColumn[] = tableColumns(table.schema),
): Promise<DataFile[]> {
  refuseSpatialWrites(table);
  const { environment, call } = context;
  const { sortOrderId, ...layout } = writeLayout(table.metadata, table.schema);
  const { engine, directory } = await environment.instance(call);
  const folder = join(directory, randomUUID());
  const uploaded: string[] = [];
  await mkdir(folder);
  try {
    const written = await source.read(async (scans, fetch) =>
      engine.writeParquet(source.sql, scans, {
        signal: call.signal,
        fetch,
        directory: await mkdtemp(join(folder, 'rows-')),
        columns,
        checked: source.checked,
        ...layout,
        targetFileSize: targetFileSize(context, table.metadata),
        checksums: true,
        compression: compressionOf(table.metadata),
        compressionLevel: compressionLevelOf(table.metadata),
      }),
    );
    return await inParallel(written, 4, async (file) => {
      const location = newDataLocation(table.metadata, file.partition);
      const data = dataFileFromWritten(await annotate(table, file), location, table.metadata, sortOrderId);
      uploaded.push(data.location);
      await table.storage.upload(data.location, file.path, call.signal);
      return data;
    });
  } catch (error) {
    throw await undone(error, table, uploaded);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Makes uploaded files part of the table. */
export function commitAppend(context: StatementContext, table: PinnedTable, files: DataFile[]): Promise<void> {
  return commitFiles(context, table, files, recordsOf(files), async () => ({ operation: 'append', added: files }));
}

/** Makes uploaded files the content of the table, or the content of those partitions of it that `isReplaced` names. */
export function commitReplace(
  context: StatementContext,
  table: PinnedTable,
  files: DataFile[],
  isReplaced: (file: DataFile | DeleteFile) => boolean = () => true,
): Promise<void> {
  return commitFiles(context, table, files, recordsOf(files), async (current) => {
    refuseChanges(current, 'Replacing rows');
    const { metadata, storage } = current;
    const { tasks } = await planScan({
      metadata,
      snapshotId: current.snapshotId,
      storage,
      signal: context.call.signal,
    });
    const replaced = tasks.flatMap(({ file, deletes }) =>
      isReplaced(file) ? [file, ...deletes.filter(isReplaced)] : [],
    );
    return { operation: 'overwrite', added: files, removed: [...new Set(replaced.map(removalKey))] };
  });
}

/** Stages the change in the transaction, or commits it, trying again when another commit won the race. */
async function commitFiles(
  context: StatementContext,
  table: PinnedTable,
  files: DataFile[],
  affectedRows: number,
  changeOf: (current: PinnedTable) => Promise<SnapshotChange>,
): Promise<void> {
  const locations = files.map(({ location }) => location);
  const execution = executionSummary(context, affectedRows);
  let current = table;
  for (let attempt = 0; ; attempt++) {
    const prepared = await changeOf(current)
      .then((change) => ({ ...change, summary: { ...change.summary, ...execution } }))
      .then((change) => prepareSnapshot(current.metadata, change, current.storage))
      .catch(async (error: unknown) => {
        throw await undone(error, current, locations);
      });
    const { requirements, updates } = prepared;
    if (context.transaction) {
      if (await stage(context.transaction, current, prepared, locations)) return;
      const metadata = context.transaction.overlay(table.name) ?? current.metadata;
      current = { ...current, metadata, snapshotId: metadata.currentSnapshotId };
      continue;
    }
    try {
      await catalogOf(context, table.name.catalog).commitTable(table.name, { requirements, updates });
      return;
    } catch (error) {
      if (error instanceof CommitStateUnknown) throw error;
      if (!(await mayRetry(context, attempt, error))) {
        throw await undone(error, current, [...prepared.written, ...locations]);
      }
      await current.storage.remove(prepared.written);
      current = await reload(context, table).catch(async (reloadError: unknown) => {
        throw await undone(reloadError, current, locations);
      });
    }
  }
}

/** False where another statement of the transaction was faster; then what was prepared is removed again, but not the data files. */
async function stage(
  transaction: Transaction,
  table: PinnedTable,
  prepared: PreparedSnapshot,
  locations: string[],
): Promise<boolean> {
  const { name, storage } = table;
  const { requirements, updates } = prepared;
  const written = [...locations, ...prepared.written];
  const metadata = applySnapshot(table.metadata, prepared);
  try {
    if (transaction.stage({ name, metadata, requirements, updates, written, storage }, table.metadata)) return true;
  } catch (error) {
    throw await undone(error, table, written);
  }
  await storage.remove(prepared.written);
  return false;
}

/** Removes what a failed change wrote; the failure, which says so where files had to stay. */
export async function undone(failure: unknown, table: PinnedTable, locations: string[]): Promise<unknown> {
  try {
    await table.storage.remove(locations);
    return failure;
  } catch (error) {
    const { code, message } = toSkuaError(failure);
    const left = `${locations.length} files that it wrote below ${table.metadata.location} could not be removed again`;
    return new SkuaError(code, `${message} (${left}: ${messageOf(error)})`, { cause: failure });
  }
}

/** The table's newest state, to append to once more. Replaced or with another schema: ABORTED. Changed by this very execution: AlreadyCommitted. */
async function reload(context: StatementContext, table: PinnedTable): Promise<PinnedTable> {
  const fresh = await loadTable(context, table.name);
  refuseRepetition(context, fresh.metadata);
  const before = table.metadata;
  const after = fresh.metadata;
  const isSame =
    after.tableUuid === before.tableUuid &&
    after.currentSchemaId === before.currentSchemaId &&
    after.defaultSpecId === before.defaultSpecId;
  if (!isSame) {
    throw new SkuaError(
      'ABORTED',
      `Table ${displayName(table.name)} was changed by somebody else meanwhile; try again`,
    );
  }
  return fresh;
}

function recordsOf(files: readonly DataFile[]): number {
  return files.reduce((sum, file) => sum + file.recordCount, 0);
}

export function targetFileSize(context: StatementContext, metadata: TableMetadata): number {
  const property = Number(metadata.properties['write.target-file-size-bytes']);
  return Number.isSafeInteger(property) && property > 0 ? property : context.environment.limits.targetFileSize;
}

export function compressionOf(metadata: TableMetadata): 'zstd' | 'snappy' | 'gzip' | 'uncompressed' {
  const codec = metadata.properties['write.parquet.compression-codec']?.toLowerCase();
  return codec === 'snappy' || codec === 'gzip' || codec === 'uncompressed' ? codec : 'zstd';
}

/** Of zstd alone: the engine has no levels for other codecs. */
function compressionLevelOf(metadata: TableMetadata): number | undefined {
  const level = Number(metadata.properties['write.parquet.compression-level']);
  return compressionOf(metadata) === 'zstd' && Number.isInteger(level) && level >= 1 && level <= 22 ? level : undefined;
}
