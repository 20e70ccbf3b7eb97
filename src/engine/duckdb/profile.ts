/** What staging a statement came to, for EXPLAIN. */
import type { JoinedScan, RestrictedScan, ScanFigures, ScanProfile } from '../contract.js';
import { deletePaths } from './delete-paths.js';
import { describeKeys } from './staging/join-keys.js';
import type { StagedStatement, StagedTable } from './staging/stage-statement.js';

export function profileOf({ tables, local }: StagedStatement): ScanProfile[] {
  const withheld = tablesByHiddenKeys(tables);
  return tables.map((table) => ({
    columns: table.demand?.columns ?? [],
    read:
      restrictedScan(table) ??
      (withheld.has(table.scan.name) ? joinedScan : figuresOf(table, local.fetched(pathsOf(table)))),
  }));
}

const joinedScan: JoinedScan = { kind: 'joined with restricted' };

/** Restricted tables, and those that may have learnt their keys, or the keys of one that has. */
function tablesByHiddenKeys(tables: readonly StagedTable[]): ReadonlySet<string> {
  const hidden = new Set(tables.flatMap(({ table, scan }) => (table.barrier ? [scan.name] : [])));
  const isJoined = ({ wanted }: StagedTable) => wanted.joins?.some((key) => hidden.has(key.table));
  for (let before = -1; before < hidden.size; ) {
    before = hidden.size;
    for (const table of tables) if (isJoined(table)) hidden.add(table.scan.name);
  }
  return hidden;
}

function pathsOf({ files }: StagedTable): string[] {
  const sources = files.map(({ source }) => source);
  return [...sources.map(({ path }) => path), ...deletePaths(sources)];
}

function restrictedScan({ table: { barrier } }: StagedTable): RestrictedScan | undefined {
  if (!barrier) return undefined;
  return { kind: 'restricted', filtersRows: barrier.condition !== undefined, masked: barrier.maskedFields };
}

function figuresOf(
  { plan, learnt, files, filesUnread }: StagedTable,
  { fetchedBytes, cachedBytes }: { fetchedBytes: number; cachedBytes: number },
): ScanFigures {
  const sum = (of: 'rowGroups' | 'rowGroupsSkipped') => files.reduce((total, file) => total + file[of], 0);
  return {
    kind: 'figures',
    plan: plan.statistics,
    joinKeys: describeKeys(learnt),
    filesRead: files.filter(({ isContinued }) => !isContinued).length,
    filesUnread,
    rowGroups: sum('rowGroups'),
    rowGroupsSkipped: sum('rowGroupsSkipped'),
    filesDecoded: files.filter(({ isDecoded }) => isDecoded).length,
    bytesFetched: fetchedBytes,
    bytesCached: cachedBytes,
  };
}
