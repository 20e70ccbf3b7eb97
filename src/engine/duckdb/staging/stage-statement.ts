/** Brings to local disk what a statement reads. */
import { Schema } from 'apache-arrow';
import { type ColumnarBatch, rowsToBatch } from '../../../arrow/index.js';
import { SkuaError } from '../../../errors.js';
import type { ScanPlan } from '../../../iceberg/contract.js';
import { readDeletionVector } from '../../../iceberg/index.js';
import type { DeleteFile } from '../../../iceberg/types.js';
import { inParallel } from '../../../parallel.js';
import type { BoundStatement, BoundTable, ParameterRow } from '../../contract.js';
import { bindingsOf, functionScans, readDeleteColumns, rowsScan } from '../bindings.js';
import type { EngineInstance, ScanDemand, TableScan } from '../contract.js';
import { KeptFiles } from '../kept-rows.js';
import { FILES_AT_A_TIME, type LocalFiles } from './local-files.js';
import { type ReadableTable, readableTable } from './readable-table.js';
import { demandBelow } from './restricted-demand.js';
import { planSeen, type SeenTable, type Staging, stageTables } from './stage-tables.js';
import { wholeDeletes } from './staged-deletes.js';
import { type StagedScan, scanOfFiles } from './table-scan.js';

export interface StatementInput {
  signal: AbortSignal;
  parameters?: ParameterRow | undefined;
}

/** A statement whose every table is there to be read. */
export interface StagedStatement extends Staging {
  sql: string;
  scans: TableScan[];
  /** Its Iceberg tables, in order. */
  tables: StagedTable[];
}

export interface StagedTable extends StagedScan {
  table: ReadableTable;
  /** What the statement asks of the table; absent where the optimiser has removed it. */
  demand: ScanDemand | undefined;
  /** What was read of it for that, with what its restrictions ask for. */
  wanted: ScanDemand;
}

/** A statement with what it asks of its tables. */
export interface PlannedStatement {
  statement: BoundStatement;
  demands: readonly ScanDemand[];
  /** What is read of its only table. */
  plan?: ScanPlan | undefined;
}

/** The caller releases the local files, also after a failure. */
export async function stageStatement(
  staging: Staging,
  { statement, demands, plan }: PlannedStatement,
): Promise<StagedStatement> {
  const demandOf = (name: string) => demands.find(({ table }) => table === name);
  const seen: SeenTable[] = [];
  const others: Exclude<BoundTable, { kind: 'iceberg' }>[] = [];
  for (const bound of statement.tables) {
    if (bound.kind === 'iceberg')
      seen.push({
        ...seenTable(bound.name, readableTable(bound.table, statement), demandOf(bound.name)),
        planned: plan,
      });
    else others.push(bound);
  }
  const otherScans = await Promise.all(
    others.map((bound) => scanOf(staging.local, statement, bound, demandOf(bound.name))),
  );
  const rows = otherScans.flatMap((scan, index) => {
    const isInMemory = others[index]?.kind === 'rows' || others[index]?.kind === 'listed';
    return isInMemory ? [{ scan, filter: demandOf(scan.name)?.filter }] : [];
  });
  const staged = await stageTables(staging, seen, rows);
  const scans = [...staged.map(({ scan }) => scan), ...otherScans, ...functionScans(statement)].map((scan) => {
    const { skipsNulls, zonesDates } = demandOf(scan.name) ?? {};
    const hidesDates = zonesDates && statement.timeZone !== undefined;
    return { ...scan, ...(skipsNulls && { isApart: true }), ...(hidesDates && { hidesDates }) };
  });
  const tables = staged.map((each, index) => {
    const { name, table, demand } = seen[index] as SeenTable;
    return { ...each, table, demand: demandOf(name), wanted: demand };
  });
  return { ...staging, sql: statement.sql, scans, tables };
}

/** Plans the scan of a statement's only table. */
export async function planOnlyTable(
  { caches }: Pick<Staging, 'caches'>,
  { statement, demands }: PlannedStatement,
  local: StatementInput,
): Promise<SeenTable & { planned: ScanPlan }> {
  const [bound] = statement.tables;
  if (bound?.kind !== 'iceberg') throw new SkuaError('INTERNAL', 'a statement without a table was to be divided');
  const seen = seenTable(bound.name, readableTable(bound.table, statement), demands[0]);
  return { ...seen, planned: await planSeen({ caches, local }, seen) };
}

/** What the text needs of each table, where that makes a difference. */
export async function demandsOf(
  engine: EngineInstance,
  statement: BoundStatement,
  { parameters, signal }: StatementInput,
): Promise<ScanDemand[]> {
  const isAsked = statement.tables.some(({ kind }) => kind === 'iceberg' || kind === 'listed');
  if (!isAsked && !(statement.timeZone !== undefined || /\bdistinct\s+from\b/i.test(statement.sql))) return [];
  return engine.demand(statement.sql, bindingsOf(statement), parameters, signal);
}

function seenTable(name: string, table: ReadableTable, asked: ScanDemand | undefined): SeenTable {
  // A table that the optimiser removed still has to exist for the text to bind.
  const seen = asked ?? { table: name, columns: [], limit: 0 };
  return { name, table, seen, demand: demandBelow(table, seen) };
}

async function scanOf(
  local: LocalFiles,
  statement: BoundStatement,
  bound: Exclude<BoundTable, { kind: 'iceberg' }>,
  demand: ScanDemand | undefined,
): Promise<TableScan> {
  const { name } = bound;
  switch (bound.kind) {
    case 'files':
      return scanOfFiles(local, name, readableTable(bound.table, statement), bound);
    case 'position-deletes':
      return scanOfDeletes(local, bound);
    case 'kept':
      return KeptFiles.scan(name, bound.rows);
    case 'rows':
      return rowsScan(name, bound);
    case 'listed': {
      const batches = demand ? await bound.list(demand) : [];
      return rowsScan(name, { schema: bound.schema, batches });
    }
  }
}

async function scanOfDeletes(
  local: LocalFiles,
  { name, table, files }: BoundTable & { kind: 'position-deletes' },
): Promise<TableScan> {
  const vectors = files.filter(({ format }) => format === 'puffin');
  if (vectors.length === 0) {
    const paths = await inParallel(files, FILES_AT_A_TIME, (file) => wholeDeletes(local, table, file));
    return { name, columns: [...readDeleteColumns], source: { kind: 'local', paths, fileNumber: 'file' } };
  }
  const read = (file: DeleteFile) => readDeletionVector(file, table.storage, local.signal);
  const batches = await inParallel(vectors, FILES_AT_A_TIME, async (file) =>
    positionRows(file, files.indexOf(file), await read(file)),
  );
  return rowsScan(name, { schema: positionSchema, batches }, [...readDeleteColumns]);
}

const positionSchema = new Schema(readDeleteColumns.map(({ field }) => field));

function positionRows({ referencedDataFile }: DeleteFile, number: number, positions: BigInt64Array): ColumnarBatch {
  return rowsToBatch(
    positionSchema,
    Array.from(positions, (position) => [referencedDataFile ?? null, position, BigInt(number)]),
  );
}
