/** EXPLAIN: what a query or a change would read, table by table, and the engine's own plan. */
import { Field, Schema, Utf8 } from 'apache-arrow';
import type { BoundParameters, Explanation, PlanOperator, RestrictedScan, ScanProfile } from '../engine/contract.js';
import { writeJson } from '../json.js';
import { bindChangeQuery } from './changes/index.js';
import type { StatementContext } from './environment.js';
import { planLines } from './plan-lines.js';
import type { BoundQuery } from './reading/bind.js';
import { statementOf } from './reading/bound-query.js';
import { bindQuery, parameterRows } from './reading/query.js';
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
  const engine = await context.environment.engine(context.call);
  const { analyze } = statement;
  const options = { analyze, signal: context.call.signal, parameters: row };
  const explanation = await engine.explain(statementOf(context, bound), options);
  const explained = { ...explanation, tables: bound.tables, catalog: resolved - started };
  const lines = statement.format === 'json' ? [writeJson(jsonOf(explained, analyze), 2)] : linesOf(explained, analyze);
  return { schema: EXPLAIN_SCHEMA, rows: lines.map((line) => [line]) };
}

interface Explained extends Explanation {
  /** By their names in the text. */
  tables: ReadonlyMap<string, PinnedTable>;
  /** Milliseconds until the catalog's tables were known. */
  catalog: number;
}

function linesOf({ engine: chosen, tables, scans, times, catalog, plan }: Explained, analyze: boolean): string[] {
  const figures = [catalog, times.staging, times.engine].map((time) => `${time.toFixed(1)} ms`);
  return [
    ...(chosen ? [`Engine: ${chosen.name}, since ${chosen.reason}`] : []),
    ...[...tables.values()].flatMap((table, index) => tableLines(table, scans[index] as ScanProfile, analyze)),
    ...(analyze ? [`Time: catalog ${figures[0]}, plan and fetch ${figures[1]}, engine ${figures[2]}`] : []),
    ...(typeof plan === 'string' ? plan.split('\n') : planLines(plan, namesOf(tables))),
  ];
}

function jsonOf({ engine, tables, scans, times, catalog, plan }: Explained, analyze: boolean): object {
  return {
    ...(engine && { engine }),
    tables: [...tables.values()].map((table, index) => tableJson(table, scans[index] as ScanProfile, analyze)),
    ...(analyze && { milliseconds: { catalog, ...times } }),
    plan: typeof plan === 'string' ? plan : named(plan, namesOf(tables)),
  };
}

function tableJson({ name, snapshotId }: PinnedTable, { columns, read }: ScanProfile, analyze: boolean): object {
  // As text, since programs whose numbers are doubles would round it.
  const head = { table: displayName(name), snapshot: snapshotId?.toString(), columns };
  if (read.kind === 'restricted') return { ...head, filtersRows: read.filtersRows, masked: read.masked };
  if (read.kind === 'joined with restricted') return { ...head, isJoinedWithRestricted: true };
  const { kind, plan, bytesFetched, bytesCached, rowGroups, rowGroupsSkipped, ...figures } = read;
  const ran = { rowGroups, rowGroupsSkipped, bytesFetched, bytesCached };
  return { ...head, ...plan, ...figures, ...(analyze && ran) };
}

function namesOf(tables: ReadonlyMap<string, PinnedTable>): Map<string, string> {
  return new Map([...tables].map(([key, { name }]) => [key, displayName(name)]));
}

/** The operators with the names that people know of their tables. */
function named({ table, children, ...operator }: PlanOperator, names: ReadonlyMap<string, string>): PlanOperator {
  return {
    ...operator,
    ...(table !== undefined && { table: names.get(table) ?? table }),
    children: children.map((child) => named(child, names)),
  };
}

function bindChanging(context: StatementContext, change: RowChange | InsertStatement): Promise<BoundQuery> {
  return change.kind === 'insert' ? bindInsertQuery(context, change) : bindChangeQuery(context, change);
}

function tableLines(table: PinnedTable, { columns, read }: ScanProfile, analyze: boolean): string[] {
  const head = [
    `Table ${displayName(table.name)}, ${table.snapshotId === undefined ? 'no snapshot' : `snapshot ${table.snapshotId}`}`,
    `  columns: ${columns.length > 0 ? columns.join(', ') : 'none'}`,
  ];
  if (read.kind === 'restricted') return [...head, ...restrictionLines(read)];
  if (read.kind === 'joined with restricted') return [...head, '  files: not told, by a join with a restricted table'];
  const { plan } = read;
  const pruned = plan.prunedBy.filter(({ files }) => files > 0).map(({ reason, files }) => `${files} by ${reason}`);
  const lines = [
    ...head,
    plan.isPlannedByCatalog
      ? '  planned by the catalog'
      : `  manifests: ${plan.manifestsRead} read of ${plan.manifestsTotal}`,
    `  files: ${plan.filesPlanned} planned of ${plan.filesTotal}${pruned.length > 0 ? ` (pruned: ${pruned.join(', ')})` : ''}`,
    `  bytes: ${plan.bytesPlanned} in planned files of ${plan.bytesTotal}`,
    `  delete files: ${plan.deleteFiles}`,
    ...read.joinKeys.map((keys) => `  join keys: ${keys}`),
  ];
  const { filesUnread: unread } = read;
  const isUnread = read.filesRead === 0;
  if (unread > 0)
    lines.push(`  answered from metadata: ${isUnread ? 'no file is read' : `${unread} files are not read`}`);
  if (analyze && !isUnread) {
    const { rowGroups, rowGroupsSkipped } = read;
    lines.push(`  row groups: ${rowGroups - rowGroupsSkipped} of ${rowGroups} in planned files`);
    if (read.filesDecoded) lines.push(`  decoded columns: of ${read.filesDecoded} of ${read.filesRead} files`);
    lines.push(`  fetched: ${read.bytesFetched} bytes from the store, ${read.bytesCached} from the cache`);
  }
  return lines;
}

/** In the place of figures, which would count what is hidden. */
function restrictionLines({ filtersRows, masked }: RestrictedScan): string[] {
  return [
    ...(filtersRows ? ['  rows: those that the catalog lets you see'] : []),
    ...masked.map(({ name, action }) => `  masked: ${name} by ${action}`),
  ];
}
