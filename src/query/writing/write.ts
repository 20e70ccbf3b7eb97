/** Writes the rows of a query as data files, which a commit then makes part of a table. */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TableRequirement, TableUpdate } from '../../catalog/index.js';
import type { CheckedColumns, FetchMissing, TableScan } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import type { TableColumn } from '../../expressions/index.js';
import {
  applySnapshot,
  currentSchema,
  dataFileFromWritten,
  fieldsById,
  newDataLocation,
  planScan,
  prepareSnapshot,
  removalKey,
  type SnapshotChange,
  tableColumns,
  writeLayout,
} from '../../iceberg/index.js';
import type { DataFile, DeleteFile, NestedField, TableMetadata } from '../../iceberg/types.js';
import type { Proposal, Propose } from '../committing/contract.js';
import { changedMeanwhile } from '../committing/lost-race.js';
import type { StatementContext } from '../environment.js';
import { inParallel } from '../parallel.js';
import { refuseSpatialWrites } from '../reading/refusals.js';
import { refuseChanges } from '../tables/restricted.js';
import { catalogOf, type PinnedTable } from '../tables/tables.js';
import { annotate } from './annotations.js';
import { executionSummary, refuseRepetition } from './execution.js';

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
  context.transaction?.requireChangeable();
  if (table.isStaged) return;
  refuseRepetition(context, table.metadata);
  const { tableUuid, refs } = table.metadata;
  const requirements: TableRequirement[] = [{ type: 'assert-table-uuid', uuid: tableUuid }];
  const updates: TableUpdate[] = [];
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
    const { namespace, name } = table.name;
    await catalogOf(context, table.name.catalog).probeTable({ namespace, name }, { requirements, updates });
  } catch (error) {
    // The requirement failed because somebody else was faster, or the branch is at a snapshot of this transaction: allowed all the same.
    if (!(error instanceof SkuaError) || error.code !== 'ABORTED') throw error;
  }
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
  await mkdir(folder);
  try {
    const written = await source.read(async (scans, fetch) =>
      engine.writeParquet(source.sql, scans, {
        signal: call.signal,
        fetch,
        directory: await mkdtemp(join(folder, 'rows-')),
        columns,
        unknown: 'leave out',
        checked: source.checked,
        ...layout,
        targetFileSize: targetFileSize(context, table.metadata),
        checksums: true,
        compression: compressionOf(table.metadata),
        compressionLevel: compressionLevelOf(table.metadata),
      }),
    );
    return await inParallel(written, uploadsAtATime(written.length), async (file) => {
      const location = newDataLocation(table.metadata, file.partition);
      const data = dataFileFromWritten(await annotate(table, file), location, table.metadata, sortOrderId);
      await table.storage.upload(data.location, file.path, call.signal);
      return data;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Many files are small ones, of partitions with few rows each; a few large ones are uploaded in parts besides. */
function uploadsAtATime(files: number): number {
  return files > 64 ? 16 : 4;
}

/** Makes uploaded files part of the table that they were written for; undefined where there are none. */
export function appending(table: PinnedTable, files: readonly DataFile[]): Propose | undefined {
  if (files.length === 0) return undefined;
  return (context, state) => {
    requireColumns(table, state);
    return proposal(context, state, { operation: 'append', added: [...files] });
  };
}

/** Makes uploaded files the content of the table, or the content of those partitions of it that `isReplaced` names. */
export function replacing(
  table: PinnedTable,
  files: readonly DataFile[],
  isReplaced: (file: DataFile | DeleteFile) => boolean = () => true,
): Propose {
  return async (context, state) => {
    refuseChanges(state, 'Replacing rows');
    requireColumns(table, state);
    if (state.metadata.defaultSpecId !== table.metadata.defaultSpecId) {
      throw changedMeanwhile(table, state, 'it is partitioned in another way');
    }
    const { metadata, storage, snapshotId } = state;
    const { tasks } = await planScan({ metadata, snapshotId, storage, signal: context.call.signal });
    const replaced = tasks.flatMap(({ file, deletes }) =>
      isReplaced(file) ? [file, ...deletes.filter(isReplaced)] : [],
    );
    const removed = [...new Set(replaced.map(removalKey))];
    return proposal(context, state, { operation: 'overwrite', added: [...files], removed });
  };
}

/** The files hold the columns that the table had, which have to be columns of it still, and to be allowed the nulls that they may hold. */
function requireColumns(before: PinnedTable, now: PinnedTable): void {
  const current = fieldsById(currentSchema(now.metadata).fields);
  const written = [...fieldsById(currentSchema(before.metadata).fields).values()];
  const fits = ({ id, required }: NestedField) => current.has(id) && (required || current.get(id)?.required !== true);
  if (!written.every(fits)) throw changedMeanwhile(before, now, 'its columns are others');
}

/** One snapshot more. */
async function proposal(context: StatementContext, state: PinnedTable, change: SnapshotChange): Promise<Proposal> {
  const summary = { ...change.summary, ...executionSummary(context, recordsOf(change.added)) };
  const prepared = await prepareSnapshot(state.metadata, { ...change, summary }, state.storage);
  const { requirements, updates, written } = prepared;
  return { commit: { requirements, updates }, after: applySnapshot(state.metadata, prepared), written };
}

export function recordsOf(files: readonly DataFile[]): number {
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
