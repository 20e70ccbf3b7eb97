/** Scans that the catalog plans (Iceberg REST specification, `planTableScan`), as the plans that they would be here. */
import { SkuaError } from '../../errors.js';
import type { Filter } from '../../expressions/index.js';
import type { AskForPlan, CatalogPlan, FileTask, ScanPlan, ScanRequest, ScanStatistics } from '../contract.js';
import { asArray, asNumber, asObject, optional } from '../json-reader.js';
import { ContentFileReader } from '../rest/content-file.js';
import { filterToJson, testsIn, UnreadableExpression } from '../rest/expression.js';
import { SignedFiles } from '../rest/signed-files.js';
import { fieldsById } from '../schema.js';
import { currentSchema, currentSnapshot, schemaOf, snapshotById } from '../snapshots.js';
import type { DeleteFile, Schema, Snapshot, TableMetadata } from '../types.js';
import { filesWithTopRows } from './top-files.js';

/** The same as `planScan`. */
export async function planScanAtCatalog(request: ScanRequest, ask: AskForPlan): Promise<ScanPlan> {
  const { metadata, snapshotId } = request;
  const snapshot = snapshotId === undefined ? currentSnapshot(metadata) : snapshotById(metadata, snapshotId);
  const schema = request.schema ?? schemaOf(metadata, snapshot?.snapshotId);
  if (!snapshot) return { snapshot, schema, tasks: [], statistics: statisticsOf([]) };
  return planned(request, { snapshot, schema }, ask, { 'snapshot-id': snapshot.snapshotId });
}

/** The same as `planAppends`. */
export async function planAppendsAtCatalog(
  request: ScanRequest & { after: bigint },
  ask: AskForPlan,
): Promise<ScanPlan> {
  const { metadata, snapshotId, after } = request;
  const snapshot = snapshotById(metadata, snapshotId ?? (metadata.currentSnapshotId as bigint));
  const schema = request.schema ?? schemaOf(metadata, snapshot.snapshotId);
  if (snapshot.snapshotId === after) return { snapshot, schema, tasks: [], statistics: statisticsOf([]) };
  const range = { 'start-snapshot-id': after, 'end-snapshot-id': snapshot.snapshotId };
  return planned(request, { snapshot, schema }, ask, range);
}

async function planned(
  request: ScanRequest,
  { snapshot, schema }: { snapshot: Snapshot; schema: Schema },
  ask: AskForPlan,
  what: Record<string, unknown>,
): Promise<ScanPlan> {
  const { metadata, signal } = request;
  const asked = { ...what, ...projection(request, snapshot, schema) };
  const plan = await ask(asked, signal);
  const signed = new SignedFiles(metadata.location, async () => ask(asked, undefined));
  const residuals = new Residuals(request.filter, schema);
  const found = plan.pages.flatMap((page, index) => tasksOf(metadata, page, `pages[${index}]`, { signed, residuals }));
  const tasks = request.top ? filesWithTopRows(metadata, found, request.top) : found;
  const access = signed.access(plan.access);
  const read = { access, storage: plan.open(access) };
  return { snapshot, schema, tasks, statistics: statisticsOf(tasks, snapshot), read };
}

/** Columns by their names in the schema that the catalog goes by; those that it lacks are not asked about. */
function projection(request: ScanRequest, snapshot: Snapshot, schema: Schema): Record<string, unknown> {
  const { metadata, filter, columns, statistics = [] } = request;
  const isOwn = schema.schemaId !== metadata.currentSchemaId && snapshot.schemaId === schema.schemaId;
  const known = fieldsById((isOwn ? schema : currentSchema(metadata)).fields);
  const names = new Map(schema.fields.flatMap(({ id }) => (known.has(id) ? [[id, known.get(id)?.name ?? '']] : [])));
  const named = (ids: readonly number[]) => ids.flatMap((id) => names.get(id) ?? []);
  const json = filterToJson(filter, schema, names);
  const isWhole = columns === undefined || columns.length === 0 || columns.some((id) => !names.has(id));
  return {
    'case-sensitive': true,
    'use-snapshot-schema': isOwn,
    ...(!isWhole && { select: named(columns) }),
    ...(json !== undefined && { filter: json }),
    ...(named(statistics).length > 0 && { 'stats-fields': [...new Set(named(statistics))] }),
  };
}

function tasksOf(
  metadata: TableMetadata,
  page: CatalogPlan['pages'][number],
  where: string,
  { signed, residuals }: { signed: SignedFiles; residuals: Residuals },
): FileTask[] {
  const reader = new ContentFileReader(metadata);
  const list = (name: 'file-scan-tasks' | 'delete-files') => optional(page[name], `${where}.${name}`, asArray) ?? [];
  const deletes = list('delete-files').map((json, index) =>
    signed.take(checkedDeletes(reader.deleteFile(json, `${where}.delete-files[${index}]`))),
  );
  return list('file-scan-tasks').flatMap((json, index) => {
    const at = `${where}.file-scan-tasks[${index}]`;
    const task = asObject(json, at);
    if (residuals.excludes(task['residual-filter'])) return [];
    const file = signed.take(reader.dataFile(task['data-file'], `${at}.data-file`));
    const references = optional(task['delete-file-references'], `${at}.delete-file-references`, asArray) ?? [];
    const own = references.map((reference) => {
      const found = deletes[asNumber(reference, `${at}.delete-file-references`)];
      if (found) return found;
      throw new SkuaError('DATA_LOSS', `The catalog's plan is malformed: ${at} refers to deletes that are not there`);
    });
    signed.requireFound(file, own);
    return [
      {
        file,
        deletes: own.map((one) => (one.format === 'puffin' ? { ...one, referencedDataFile: file.location } : one)),
      },
    ];
  });
}

function checkedDeletes(file: DeleteFile): DeleteFile {
  if (file.content !== 'equality-deletes' || (file.equalityIds?.length ?? 0) > 0) return file;
  throw new SkuaError('DATA_LOSS', 'An equality delete file of the plan does not say which columns it compares');
}

/**
 * What is left to ask of the rows of a file. The engine asks all that the statement asks, of every row; so a residual says either that no row
 * is wanted, or something that is asked anyway. One that says more is a condition of the catalog's own.
 */
class Residuals {
  readonly #schema: Schema;
  readonly #asked: Set<string>;

  constructor(filter: Filter | undefined, schema: Schema) {
    this.#schema = schema;
    const names = new Map(schema.fields.map(({ id, name }) => [id, name]));
    const json = filterToJson(filter, schema, names);
    this.#asked = new Set(json === undefined ? [] : testsIn(json, schema));
  }

  /** Whether no row of a file is wanted. A condition that nobody asked for: UNIMPLEMENTED. */
  excludes(residual: unknown): boolean {
    if (residual === undefined || residual === null || residual === true) return false;
    if (residual === false || (residual as { type?: unknown }).type === 'false') return true;
    if (this.#isAsked(residual)) return false;
    throw new SkuaError(
      'UNIMPLEMENTED',
      "The catalog's plan of the scan leaves a condition to be checked that the statement does not have",
    );
  }

  #isAsked(residual: unknown): boolean {
    try {
      return testsIn(this.#withNames(residual), this.#schema).every((test) => this.#asked.has(test));
    } catch (error) {
      if (error instanceof UnreadableExpression) return false;
      throw error;
    }
  }

  /** Servers that go by field ids refer to columns by them. */
  #withNames(json: unknown): unknown {
    if (Array.isArray(json)) return json.map((item) => this.#withNames(item));
    if (typeof json !== 'object' || json === null) return json;
    const { type, id } = json as { type?: unknown; id?: unknown };
    if (type === 'reference' && id !== undefined) {
      return { type, name: this.#schema.fields.find((field) => field.id === id)?.name };
    }
    return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, this.#withNames(value)]));
  }
}

/** Of the table's other files the snapshot's summary tells, if anything does. */
function statisticsOf(tasks: readonly FileTask[], snapshot?: Snapshot): ScanStatistics {
  const total = (name: string, least: number) => Math.max(least, Number(snapshot?.summary[name] ?? 0) || 0);
  const bytesPlanned = tasks.reduce((sum, { file }) => sum + file.fileSize, 0);
  return {
    manifestsTotal: 0,
    manifestsRead: 0,
    deleteManifestsTotal: 0,
    deleteManifestsRead: 0,
    filesTotal: total('total-data-files', tasks.length),
    filesPlanned: tasks.length,
    bytesTotal: total('total-files-size', bytesPlanned),
    bytesPlanned,
    deleteFiles: new Set(tasks.flatMap(({ deletes }) => deletes)).size,
    prunedBy: [],
    isPlannedByCatalog: true,
  };
}
