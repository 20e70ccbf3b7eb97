/** Stages the tables of a query: all at once, but for those that wait for the join keys of smaller ones. */
import type { ColumnarBatch } from '../../arrow/index.js';
import type { EngineInstance, JoinKey, ScanDemand, TableScan } from '../../engine/contract.js';
import type { Filter } from '../../expressions/index.js';
import type { ScanPlan } from '../../iceberg/contract.js';
import { resolveSnapshot } from '../../iceberg/index.js';
import { type RowsTable, rowsScan } from '../rows.js';
import type { PinnedTable } from '../tables/tables.js';
import { allOf, filterOfKeys, isWorthWaiting, type LearntKeys, learnKeys, type ScanSize } from './join-keys.js';
import { demandBelow } from './restricted-demand.js';
import type { StagedScan, StagingArea } from './stage.js';

/** What keys can be read from. */
interface Source {
  name: string;
  size: ScanSize;
  /** What is known of the wanted rows, and whether anything narrows them down. */
  filter?: Filter | undefined;
  isReduced: boolean;
  staged: Promise<Pick<StagedScan, 'scan' | 'learnt'>>;
}

interface Member {
  name: string;
  table: PinnedTable;
  demand: ScanDemand;
  /** What is asked of the table as the text sees it, where that is less than all of it. */
  seen: ScanDemand;
  size: ScanSize;
  /** Where the size was not known without it. */
  plan?: ScanPlan;
}

/** In the order of `bound.tables`. */
export async function stageTables(
  area: StagingArea,
  engine: EngineInstance,
  bound: { tables: ReadonlyMap<string, PinnedTable>; rows: readonly RowsTable[] },
  demands: readonly ScanDemand[],
): Promise<StagedScan[]> {
  const wanted = [...bound.tables].map(([name, table]) => {
    // A table that the optimiser removed still has to exist for the text to bind.
    const demand = demands.find((candidate) => candidate.table === name) ?? { table: name, columns: [], limit: 0 };
    return { name, table, demand: demandBelow(table, demand), seen: demand };
  });
  if (wanted.every(({ demand }) => demand.joins === undefined)) {
    return Promise.all(
      wanted.map(async ({ name, table, demand }) => area.scan(name, table, demand, await area.plan(table, demand))),
    );
  }
  const members = await Promise.all(wanted.map((member) => measured(area, member)));
  const sources = bound.rows.map((table) => rowsSource(rowsScan(table), demands));
  const staged = new Map<string, Promise<StagedScan>>();
  for (const member of [...members].sort((left, right) => left.size.bytes - right.size.bytes)) {
    const { name, size, demand, seen } = member;
    const scan = stageMember(area, engine, member, [...sources]);
    staged.set(name, scan);
    const isReduced = demand.filter !== undefined || demand.joins !== undefined;
    sources.push({ name, size, filter: seen.filter, isReduced, staged: scan });
  }
  return Promise.all(members.map(({ name }) => staged.get(name) as Promise<StagedScan>));
}

/** Rows that are in memory. */
function rowsSource(scan: TableScan, demands: readonly ScanDemand[]): Source {
  const batches = scan.source.kind === 'batches' && Array.isArray(scan.source.batches) ? scan.source.batches : [];
  const rows = (batches as ColumnarBatch[]).reduce((sum, { length }) => sum + length, 0);
  const filter = demands.find(({ table }) => table === scan.name)?.filter;
  const size = { rows, bytes: 0, files: 0 };
  return { name: scan.name, size, filter, isReduced: true, staged: Promise.resolve({ scan, learnt: [] }) };
}

/** A table without a filter is as large as its snapshot says; others have to be planned. */
async function measured(area: StagingArea, member: Omit<Member, 'size'>): Promise<Member> {
  const size = member.demand.filter ? undefined : sizeOfSnapshot(member.table);
  if (size) return { ...member, size };
  const plan = await area.plan(member.table, member.demand);
  const rows = plan.tasks.reduce((sum, { file }) => sum + file.recordCount, 0);
  const { bytesPlanned: bytes, filesPlanned: files } = plan.statistics;
  return { ...member, plan, size: { rows, bytes, files } };
}

function sizeOfSnapshot({ metadata, snapshotId, part }: PinnedTable): ScanSize | undefined {
  if (snapshotId === undefined || part) return undefined;
  const { summary } = resolveSnapshot(metadata, { snapshotId });
  const [rows, bytes, files] = ['total-records', 'total-files-size', 'total-data-files'].map((name) =>
    /^\d+$/.test(summary[name] ?? '') ? Number(summary[name]) : undefined,
  );
  return rows === undefined || bytes === undefined || files === undefined ? undefined : { rows, bytes, files };
}

async function stageMember(
  area: StagingArea,
  engine: EngineInstance,
  member: Member,
  sources: readonly Source[],
): Promise<StagedScan> {
  const { name, table, demand } = member;
  const found = await Promise.all(
    (demand.joins ?? []).map(async (key) => {
      const source = sources.find((candidate) => candidate.name === key.table);
      return source && isWorthWaiting(source, member.size) ? keysOf(area, engine, key, source) : undefined;
    }),
  );
  const learnt = found.filter((keys) => keys !== undefined);
  const plan = learnt.length === 0 ? member.plan : undefined;
  return area.scan(name, table, demand, plan ?? (await area.plan(table, demand, learnt)), learnt);
}

async function keysOf(
  area: StagingArea,
  engine: EngineInstance,
  key: JoinKey,
  { filter, staged }: Source,
): Promise<LearntKeys | undefined> {
  const { scan, learnt } = await staged;
  return learnKeys(engine, key, scan, allOf([filter, filterOfKeys(learnt)]), area).catch(async (error) => {
    throw await area.failureOf(error, engine, [scan]);
  });
}
