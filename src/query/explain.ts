/** EXPLAIN: what a query or a change would read, table by table, and the engine's own plan. */
import { Field, Schema, Utf8 } from 'apache-arrow';
import type { BoundParameters, TableScan } from '../engine/contract.js';
import type { ReadBarrier } from '../governance/index.js';
import { bindChangeQuery } from './changes/index.js';
import type { StatementContext } from './environment.js';
import type { BoundQuery } from './reading/bind.js';
import { describeKeys } from './reading/join-keys.js';
import { bindQuery, overStaged, parameterRows } from './reading/query.js';
import { readsRestricted } from './reading/restricted-errors.js';
import type { StagedScan } from './reading/stage.js';
import type { Rows } from './rows.js';
import type { RowChange } from './syntax/row-change.js';
import type { ExplainStatement, InsertStatement } from './syntax/statement.js';
import { displayName } from './tables/names.js';
import type { PinnedTable } from './tables/tables.js';
import { bindInsertQuery } from './writing/insert.js';

export const EXPLAIN_SCHEMA = new Schema([new Field('plan', new Utf8(), true)]);

export async function explain(
  context: StatementContext,
  statement: ExplainStatement,
  parameters: BoundParameters | undefined,
): Promise<Rows> {
  const started = performance.now();
  const { change } = statement;
  const bound = change ? await bindChanging(context, change) : await bindQuery(context, statement.sql);
  // Of several rows, the first.
  const [row] = (await parameterRows(context, bound, parameters)).rows;
  const resolved = performance.now();
  let fetched = resolved;
  const { result, scans, staged, demands, area } = await overStaged(context, bound, row, async (ready) => {
    fetched = performance.now();
    const { analyze } = statement;
    const options = { analyze, signal: context.call.signal, fetch: ready.area.fetch };
    const plan = await ready.engine.explain(bound.sql, ready.scans, options, row);
    if (!readsRestricted(bound)) return plan;
    const standIns = ready.scans.map((scan) => (scan.barrier ? withoutRows(scan) : scan));
    return ready.engine.explain(bound.sql, standIns, { ...options, analyze: false }, row);
  });
  try {
    const ended = performance.now();
    const tables = [...bound.tables.values()].flatMap((table, index) => {
      const demand = demands.find(({ table: name }) => name === scans[index]?.name);
      return tableLines(table, staged[index] as StagedScan, demand?.columns ?? [], statement.analyze);
    });
    const times = statement.analyze
      ? [
          `Time: catalog ${milliseconds(resolved - started)}, plan and fetch ${milliseconds(fetched - resolved)}, engine ${milliseconds(ended - fetched)}`,
        ]
      : [];
    const lines = [...tables, ...times, ...result.split('\n')];
    return { schema: EXPLAIN_SCHEMA, rows: lines.map((line) => [line]) };
  } finally {
    await area.release();
  }
}

function bindChanging(context: StatementContext, change: RowChange | InsertStatement): Promise<BoundQuery> {
  return change.kind === 'insert' ? bindInsertQuery(context, change) : bindChangeQuery(context, change);
}

/** The plan over a table without rows tells nothing of those that are hidden. */
function withoutRows({ name, columns }: TableScan): TableScan {
  const schema = new Schema(columns.map(({ field }) => field));
  return { name, columns, source: { kind: 'batches', schema, batches: [] } };
}

function tableLines(table: PinnedTable, staged: StagedScan, columns: string[], analyze: boolean): string[] {
  const head = [
    `Table ${displayName(table.name)}, ${table.snapshotId === undefined ? 'no snapshot' : `snapshot ${table.snapshotId}`}`,
    `  columns: ${columns.length > 0 ? columns.join(', ') : 'none'}`,
  ];
  if (table.barrier) return [...head, ...restrictionLines(table.barrier)];
  const { statistics } = staged.plan;
  const pruned = statistics.prunedBy
    .filter(({ files }) => files > 0)
    .map(({ reason, files }) => `${files} by ${reason}`);
  const lines = [
    ...head,
    `  manifests: ${statistics.manifestsRead} read of ${statistics.manifestsTotal}`,
    `  files: ${statistics.filesPlanned} planned of ${statistics.filesTotal}${pruned.length > 0 ? ` (pruned: ${pruned.join(', ')})` : ''}`,
    `  bytes: ${statistics.bytesPlanned} in planned files of ${statistics.bytesTotal}`,
    `  delete files: ${statistics.deleteFiles}`,
  ];
  for (const keys of describeKeys(staged.learnt)) lines.push(`  join keys: ${keys}`);
  const { filesUnread: unread } = staged;
  const isUnread = staged.scan.source.kind === 'parquet' && staged.scan.source.files.length === 0;
  if (unread > 0)
    lines.push(`  answered from metadata: ${isUnread ? 'no file is read' : `${unread} files are not read`}`);
  if (analyze && !isUnread) {
    const { rowGroups, rowGroupsSkipped } = staged.traffic;
    lines.push(`  row groups: ${rowGroups - rowGroupsSkipped} of ${rowGroups} in planned files`);
    lines.push(
      `  fetched: ${staged.traffic.fetchedBytes} bytes from the store, ${staged.traffic.cachedBytes} from the cache`,
    );
  }
  return lines;
}

/** In the place of figures, which would count what is hidden. */
function restrictionLines({ condition, maskedFields }: ReadBarrier): string[] {
  return [
    ...(condition === undefined ? [] : ['  rows: those that the catalog lets you see']),
    ...maskedFields.map(({ name, action }) => `  masked: ${name} by ${action}`),
  ];
}

function milliseconds(duration: number): string {
  return `${duration.toFixed(1)} ms`;
}
