/** Stages the tables of a statement: all at once, but for those that wait for the join keys of smaller ones. */
import type { ColumnarBatch } from '../../../arrow/index.js';
import type { Filter } from '../../../expressions/index.js';
import type { ScanPlan } from '../../../iceberg/contract.js';
import type { PinnedTable } from '../../contract.js';
import type { EngineInstance, JoinKey, ScanDemand, TableScan } from '../contract.js';
import type { Caches } from './caches.js';
import {
  allOf,
  filterOfKeys,
  isWorthWaiting,
  type LearntKeys,
  learnKeys,
  type ScanSize,
  sizeOfSnapshot,
} from './join-keys.js';
import type { LocalFiles } from './local-files.js';
import { planTable } from './plan-table.js';
import { isPartitionedBy, prunableKeys } from './prunable.js';
import { type StagedScan, stageScan, type WantedTable } from './table-scan.js';

/** What staging works with. */
export interface Staging {
  engine: EngineInstance;
  caches: Caches;
  local: LocalFiles;
}

/** What planning works with. */
export type Planning = Pick<Staging, 'caches'> & { local: Pick<LocalFiles, 'signal'> };

/** What keys can be read from. */
interface Source {
  name: string;
  size: ScanSize;
  /** What is known of the wanted rows, and whether anything narrows them down. */
  filter?: Filter | undefined;
  isReduced: boolean;
  staged: Promise<Pick<StagedScan, 'scan' | 'learnt'>>;
}

/** A table whose rows other tables may be joined with. */
interface Member extends SeenTable {
  size: ScanSize;
  /** Where the size was not known without it. */
  plan?: ScanPlan;
}

export interface SeenTable extends WantedTable {
  /** What is asked of the table as the text sees it, where that is less than all of it. */
  seen: ScanDemand;
  /** Its plan, where that is known. */
  planned?: ScanPlan | undefined;
}

/** In the order of the tables. `rows` are tables whose rows are in memory, with what is asked of them. */
export async function stageTables(
  staging: Staging,
  tables: readonly SeenTable[],
  rows: readonly { scan: TableScan; filter: Filter | undefined }[],
): Promise<StagedScan[]> {
  if (tables.every(({ demand }) => demand.joins === undefined)) {
    return Promise.all(
      tables.map(async (table) => staged(staging, table, table.planned ?? (await planSeen(staging, table)))),
    );
  }
  const members = await Promise.all(tables.map((table) => measured(staging, table)));
  const sources = rows.map(rowsSource);
  const scans = new Map<string, Promise<StagedScan>>();
  for (const member of [...members].sort((left, right) => left.size.bytes - right.size.bytes)) {
    const { name, size, demand, seen } = member;
    const scan = stageMember(staging, member, [...sources]);
    scans.set(name, scan);
    const isReduced = demand.filter !== undefined || demand.joins !== undefined;
    sources.push({ name, size, filter: seen.filter, isReduced, staged: scan });
  }
  return Promise.all(members.map(({ name }) => scans.get(name) as Promise<StagedScan>));
}

/** Plans a scan, and tells whom it concerns. */
export async function planSeen(
  { caches, local: { signal } }: Planning,
  { table, demand, seen }: SeenTable,
  learnt: readonly LearntKeys[] = [],
): Promise<ScanPlan> {
  const began = performance.now();
  const planned = await planTable(table, demand, caches, { signal, learnt });
  const { filter, columns } = seen;
  table.onPlanned?.({ plan: planned, filter, columns, duration: performance.now() - began });
  return planned;
}

/** The scan of a table. Where files were left out because others were said to hold enough rows, and those don't, no file is left out so. */
async function staged(
  staging: Staging,
  table: SeenTable,
  planned: ScanPlan,
  learnt: readonly LearntKeys[] = [],
): Promise<StagedScan> {
  const scan = await stageScan(staging.local, table, planned, learnt);
  const { limit, top, ...demand } = table.demand;
  if (!scan.isShort || (limit === undefined && top === undefined)) return scan;
  const whole = { ...table, demand };
  return stageScan(staging.local, whole, await planSeen(staging, whole, learnt), learnt);
}

function rowsSource({ scan, filter }: { scan: TableScan; filter: Filter | undefined }): Source {
  const batches = scan.source.kind === 'batches' && Array.isArray(scan.source.batches) ? scan.source.batches : [];
  const rows = (batches as ColumnarBatch[]).reduce((sum, { length }) => sum + length, 0);
  const size = { rows, bytes: 0, files: 0 };
  return { name: scan.name, size, filter, isReduced: true, staged: Promise.resolve({ scan, learnt: [] }) };
}

/** A table without a filter is as large as its snapshot says; others have to be planned. */
async function measured(staging: Staging, table: SeenTable): Promise<Member> {
  const size = table.demand.filter ? undefined : sizeOfSnapshot(table.table);
  if (size) return { ...table, size };
  const planned = await planSeen(staging, table);
  const rows = planned.tasks.reduce((sum, { file }) => sum + file.recordCount, 0);
  const { bytesPlanned: bytes, filesPlanned: files } = planned.statistics;
  return { ...table, plan: planned, size: { rows, bytes, files } };
}

async function stageMember(staging: Staging, member: Member, sources: readonly Source[]): Promise<StagedScan> {
  const { table, demand, size } = member;
  const sourceOf = (key: JoinKey) => sources.find((candidate) => candidate.name === key.table);
  const worthwhile = (demand.joins ?? []).filter((key) => {
    const source = sourceOf(key);
    return source !== undefined && isWorthWaiting(source, size);
  });
  const isOpen = worthwhile.length > 0 && !isPartitionedByAny(table, worthwhile);
  const first = member.plan ?? (isOpen ? await planSeen(staging, member) : undefined);
  const keys = first ? await prunableKeys(staging.local, { ...table, ...first.read }, first, worthwhile) : worthwhile;
  const found = await Promise.all(keys.map((key) => keysOf(staging, key, sourceOf(key) as Source)));
  const learnt = found.filter((values) => values !== undefined);
  const known = learnt.length === 0 ? first : undefined;
  return staged(staging, member, known ?? (await planSeen(staging, member, learnt)), learnt);
}

/** Then the manifest list alone may leave out most files, so that the table is only planned with the keys. */
function isPartitionedByAny(table: PinnedTable, keys: readonly JoinKey[]): boolean {
  return table.schema.fields.some(
    (field) => keys.some(({ column }) => column === field.name) && isPartitionedBy(table, field),
  );
}

async function keysOf(
  { engine, local }: Staging,
  key: JoinKey,
  { filter, staged }: Source,
): Promise<LearntKeys | undefined> {
  const { scan, learnt } = await staged;
  return learnKeys(engine, key, scan, allOf([filter, filterOfKeys(learnt)]), local).catch(async (error) => {
    throw await local.failureOf(error, engine, [scan]);
  });
}
