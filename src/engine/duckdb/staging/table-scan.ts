/** The scan of one table: planned files brought to local disk, and rows that stand for files of which the metadata tells enough. */
import type { ComparedColumn, TableColumn } from '../../../expressions/index.js';
import type { FileTask, ScanPlan } from '../../../iceberg/contract.js';
import { comparedColumn } from '../../../iceberg/index.js';
import { inParallel } from '../../../parallel.js';
import type { PinnedTable } from '../../contract.js';
import type { CountedRows, ScanDemand, TableScan } from '../contract.js';
import { smallestDecoded } from './decoded-source.js';
import { fileSource, type StagedFile } from './file-source.js';
import { rowsFromMetadata } from './from-metadata.js';
import { allOf, type LearntKeys, rangesOfKeys } from './join-keys.js';
import { FILES_AT_A_TIME, type LocalFiles } from './local-files.js';
import { limited } from './plan-table.js';
import { barrierOf, columnsOfTable, type ReadableTable } from './readable-table.js';
import { refuseOtherFormats } from './refusals.js';
import { StagedDeletes } from './staged-deletes.js';

export interface StagedScan {
  scan: TableScan;
  plan: ScanPlan;
  /** Join keys that files were pruned by. */
  learnt: readonly LearntKeys[];
  files: readonly StagedFile[];
  /** Planned files of which the metadata tells enough. */
  filesUnread: number;
  /** Whether some file has fewer rows than the metadata says. */
  isShort: boolean;
}

/** A table with what a statement wants of it, under the name that it has in the text. */
export interface WantedTable {
  name: string;
  table: ReadableTable;
  demand: ScanDemand;
}

/** Brings a planned scan to local disk. */
export async function stageScan(
  local: LocalFiles,
  { name, table, demand }: WantedTable,
  plan: ScanPlan,
  learnt: readonly LearntKeys[] = [],
): Promise<StagedScan> {
  const tasks = limited(plan.tasks, demand);
  const { counted, rest } = rowsFromMetadata(table, tasks, demand);
  refuseOtherFormats(table, rest);
  const filter = allOf([demand.filter, rangesOfKeys(learnt)]);
  const wanted = { name, table: { ...table, ...plan.read }, demand: { ...demand, filter } };
  const { scan, files } = await stageFiles(local, wanted, rest, counted);
  const isShort = rest.some(({ file }, index) => (files[index]?.source.rowCount ?? 0) < file.recordCount);
  return { scan, files, plan, learnt, filesUnread: tasks.length - rest.length, isShort };
}

/** The rows of some files, with all columns of the table, of which `columns` are fetched. */
export async function scanOfFiles(
  local: LocalFiles,
  name: string,
  table: ReadableTable,
  { tasks, columns }: { tasks: readonly FileTask[]; columns?: readonly string[] | undefined },
): Promise<TableScan> {
  const wanted = columns ?? columnsOfTable(table).map(({ field }) => field.name);
  return (await stageFiles(local, { name, table, demand: { table: name, columns: [...wanted] } }, tasks)).scan;
}

async function stageFiles(
  local: LocalFiles,
  { name, table, demand }: WantedTable,
  tasks: readonly FileTask[],
  counted: CountedRows[] = [],
): Promise<{ scan: TableScan; files: StagedFile[] }> {
  const columns = columnsOfTable(table);
  const compared = comparedColumns(table, tasks);
  const wanted = {
    filter: demand.filter,
    limit: demand.filter ? undefined : demand.limit,
    columns: new Set(demandedOf(columns, demand).map(({ fieldId }) => fieldId)),
    known: [...columns, ...compared.map(({ column }) => column)],
    smallestDecoded: smallestDecoded(tasks.length),
    compared: new Map(compared.map(({ fieldId, column }) => [fieldId, column.fieldId])),
  };
  const deletes = new StagedDeletes(local, table);
  const files = await inParallel(tasks, FILES_AT_A_TIME, (task) => fileSource(local, table, task, { wanted, deletes }));
  const own = new Set(columns.map(({ fieldId }) => fieldId));
  const scan: TableScan = {
    name,
    columns,
    ...barrierOf(table),
    comparedColumns: compared.filter(({ fieldId }) => !own.has(fieldId)),
    source: { kind: 'parquet', files: files.map(({ source }) => source), counted },
  };
  return { scan, files };
}

function demandedOf(columns: readonly TableColumn[], demand: ScanDemand): TableColumn[] {
  return columns.filter(({ field }) => demand.columns.includes(field.name));
}

/** What the tasks' equality deletes compare, each field once. */
function comparedColumns(table: PinnedTable, tasks: readonly FileTask[]): ComparedColumn[] {
  const ids = new Set(tasks.flatMap(({ deletes }) => deletes.flatMap(({ equalityIds }) => equalityIds ?? [])));
  return [...ids].map((id) => comparedColumn(table.metadata, table.schema, id));
}
