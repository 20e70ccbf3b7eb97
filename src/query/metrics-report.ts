/** What catalogs learn of scans and commits: without it, whoever runs one sees loads alone. */
import type { PlannedScan } from '../engine/contract.js';
import { type MetricsReport, scanReport } from '../iceberg/index.js';
import { version } from '../version.js';
import type { StatementContext } from './environment.js';
import { displayName, type TableName } from './tables/names.js';
import { catalogOf, type PinnedTable } from './tables/tables.js';

/** Who reports. */
export const REPORTER = { 'engine-name': 'skua', 'engine-version': version };

/** Sends a report with the caller's token. Nothing waits for it, and nothing fails by it. */
export function reportMetrics(
  context: StatementContext,
  { catalog, namespace, name }: TableName,
  report: MetricsReport | undefined,
): void {
  if (report) catalogOf(context, catalog).report({ namespace, name }, report);
}

/** Reports a planned scan of a table once the call is over, so that its answer does not wait behind the report. */
export function reportScan(context: StatementContext, { name, schema }: PinnedTable, scan: PlannedScan): void {
  const report = () =>
    reportMetrics(context, name, scanReport({ ...scan, table: displayName(name), schema, metadata: REPORTER }));
  if (context.call.onEnd) context.call.onEnd(report);
  else report();
}
