/** Reports about scans and commits (Iceberg REST specification, `ReportMetricsRequest`). */
import type { Filter } from '../../expressions/index.js';
import type { ScanPlan } from '../contract.js';
import type { Schema } from '../types.js';
import { sanitizedFilter } from './sanitized.js';

/** The body of a request. */
export type MetricsReport = { 'report-type': 'scan-report' | 'commit-report'; 'table-name': string } & Record<
  string,
  unknown
>;

export interface PlannedScan {
  table: string;
  plan: ScanPlan;
  schema: Schema;
  /** What the statement asks for; of its values nothing is told. */
  filter: Filter | undefined;
  /** Names of the columns that are read. */
  columns: readonly string[];
  /** Milliseconds that planning took. */
  duration: number;
  metadata: Record<string, string>;
}

/** Undefined for a table without a snapshot. */
export function scanReport(scan: PlannedScan): MetricsReport | undefined {
  const { plan, schema } = scan;
  if (!plan.snapshot) return undefined;
  const fields = schema.fields.filter(({ name }) => scan.columns.includes(name));
  return {
    'report-type': 'scan-report',
    'table-name': scan.table,
    'snapshot-id': plan.snapshot.snapshotId,
    filter: sanitizedFilter(scan.filter),
    'schema-id': schema.schemaId,
    'projected-field-ids': fields.map(({ id }) => id),
    'projected-field-names': fields.map(({ name }) => name),
    metrics: { 'total-planning-duration': timer(scan.duration), ...scanMetrics(plan) },
    metadata: scan.metadata,
  };
}

function scanMetrics({ tasks, statistics }: ScanPlan): Record<string, unknown> {
  const deletes = [...new Set(tasks.flatMap((task) => task.deletes))];
  const vectors = deletes.filter(({ format }) => format === 'puffin').length;
  const equality = deletes.filter(({ content }) => content === 'equality-deletes').length;
  return {
    'result-data-files': count(tasks.length),
    'result-delete-files': count(deletes.length),
    'total-file-size-in-bytes': bytes(tasks.reduce((sum, { file }) => sum + file.fileSize, 0)),
    'total-delete-file-size-in-bytes': bytes(deletes.reduce((sum, { fileSize }) => sum + fileSize, 0)),
    'skipped-data-files': count(Math.max(0, statistics.filesTotal - tasks.length)),
    ...(!statistics.isPlannedByCatalog && {
      'total-data-manifests': count(statistics.manifestsTotal - statistics.deleteManifestsTotal),
      'total-delete-manifests': count(statistics.deleteManifestsTotal),
      'scanned-data-manifests': count(statistics.manifestsRead - statistics.deleteManifestsRead),
      'scanned-delete-manifests': count(statistics.deleteManifestsRead),
    }),
    'equality-delete-files': count(equality),
    'positional-delete-files': count(deletes.length - equality - vectors),
    dvs: count(vectors),
  };
}

export interface MadeCommit {
  table: string;
  /** As it was committed (Iceberg spec, "Snapshots"). */
  snapshot: Record<string, unknown> & { 'snapshot-id': bigint };
  attempts: number;
  /** Milliseconds from the first attempt to the last answer. */
  duration: number;
  metadata: Record<string, string>;
}

/** Metrics by the entries of a snapshot's summary that they are told in. */
const FROM_SUMMARY: Record<string, string> = {
  'added-data-files': 'added-data-files',
  'removed-data-files': 'deleted-data-files',
  'total-data-files': 'total-data-files',
  'added-delete-files': 'added-delete-files',
  'removed-delete-files': 'removed-delete-files',
  'total-delete-files': 'total-delete-files',
  'added-positional-delete-files': 'added-position-delete-files',
  'removed-positional-delete-files': 'removed-position-delete-files',
  'added-equality-delete-files': 'added-equality-delete-files',
  'removed-equality-delete-files': 'removed-equality-delete-files',
  'added-dvs': 'added-dvs',
  'removed-dvs': 'removed-dvs',
  'added-records': 'added-records',
  'removed-records': 'deleted-records',
  'total-records': 'total-records',
  'added-positional-deletes': 'added-position-deletes',
  'removed-positional-deletes': 'removed-position-deletes',
  'total-positional-deletes': 'total-position-deletes',
  'added-equality-deletes': 'added-equality-deletes',
  'removed-equality-deletes': 'removed-equality-deletes',
  'total-equality-deletes': 'total-equality-deletes',
  'added-files-size-bytes': 'added-files-size',
  'removed-files-size-bytes': 'removed-files-size',
  'total-files-size-bytes': 'total-files-size',
};

export function commitReport({ table, snapshot, attempts, duration, metadata }: MadeCommit): MetricsReport {
  const summary = (snapshot.summary ?? {}) as Record<string, string>;
  const metrics: Record<string, unknown> = { 'total-duration': timer(duration), attempts: count(attempts) };
  for (const [metric, entry] of Object.entries(FROM_SUMMARY)) {
    const value = summary[entry];
    if (value === undefined || !/^\d+$/.test(value)) continue;
    metrics[metric] = metric.endsWith('-bytes') ? bytes(Number(value)) : count(Number(value));
  }
  return {
    'report-type': 'commit-report',
    'table-name': table,
    'snapshot-id': snapshot['snapshot-id'],
    'sequence-number': snapshot['sequence-number'] ?? 0,
    operation: summary.operation ?? 'append',
    metrics,
    metadata,
  };
}

const count = (value: number) => ({ unit: 'count', value });
const bytes = (value: number) => ({ unit: 'bytes', value });

function timer(milliseconds: number) {
  return { count: 1, 'time-unit': 'nanoseconds', 'total-duration': Math.round(milliseconds * 1e6) };
}
