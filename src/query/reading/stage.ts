/**
 * Brings the bytes that a scan needs to local disk: prunes files by their metadata, reads the footers of those that remain, and fetches
 * just the column chunks that the plan wants.
 */
import type {
  CountedRows,
  EngineInstance,
  FetchMissing,
  ParquetSource,
  ScanDemand,
  TableScan,
} from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import type { ComparedColumn, Filter, PhysicalColumn, TableColumn } from '../../expressions/index.js';
import type { FileTask, ScanPlan, ScanRequest } from '../../iceberg/contract.js';
import {
  applyNameMapping,
  comparedColumn,
  fieldsWithoutNan,
  floatingFieldIds,
  hiddenValues,
  nameMapping,
  numberByPosition,
  planAppends,
  planDifference,
  planScan,
  readDeletionVector,
} from '../../iceberg/index.js';
import type { DataFile, DeleteFile } from '../../iceberg/types.js';
import { localFooter, misleadingBloomFilters } from '../../parquet/index.js';
import type { StatementContext } from '../environment.js';
import { inParallel } from '../parallel.js';
import { displayName } from '../tables/names.js';
import { columnsOfTable, metadataCacheOf, type PinnedTable } from '../tables/tables.js';
import { tableAnnotations } from './file-types.js';
import { rowsFromMetadata, statisticsWanted } from './from-metadata.js';
import { allOf, filterOfKeys, type LearntKeys, rangesOfKeys } from './join-keys.js';
import { LocalFiles, type LocalForm, noTraffic, type Traffic } from './local-files.js';
import { identityConstants } from './partition-values.js';
import { refuseOtherCodecs, refuseOtherFormats, refuseSharedFieldIds } from './refusals.js';
import { behind, ruledOut } from './row-groups.js';

/** Local files for one table, held until `release`. */
export interface StagedScan {
  scan: TableScan;
  plan: ScanPlan;
  traffic: Traffic;
  /** Join keys that files were pruned by. */
  learnt: readonly LearntKeys[];
  /** Planned files of which the metadata tells enough. */
  filesUnread: number;
}

/** A file as the engine reads it. */
interface ReadableFile extends LocalForm {
  /** With field ids. */
  columns: PhysicalColumn[];
}

/** What a scan reads: its columns, and for each field that an equality delete compares the column that holds it. */
interface Wanted {
  /** What all wanted rows satisfy. */
  filter: Filter | undefined;
  /** So many rows of any file are enough. */
  limit: number | undefined;
  columns: Set<number>;
  compared: Map<number, number>;
}

/** Files linked into a session's folder for one statement. */
export class StagingArea {
  readonly #local: LocalFiles;

  constructor(
    private readonly context: StatementContext,
    directory: string,
  ) {
    this.#local = new LocalFiles(context, directory);
  }

  /** Aborted when the call is, and when the area is released. */
  get signal(): AbortSignal {
    return this.#local.signal;
  }

  /** What a failure of the engine over staged scans means; see `LocalFiles`. */
  failureOf(error: unknown, engine: EngineInstance, scans: readonly TableScan[]): Promise<SkuaError> {
    return this.#local.failureOf(error, engine, scans);
  }

  /** Has fetched what a plan turned out to read of the staged files besides. */
  get fetch(): FetchMissing {
    return this.#local.fetchMissing;
  }

  /** Plans the scan of a table without reading its data. `learnt`: keys that its rows are joined by. */
  plan(table: PinnedTable, demand: ScanDemand, learnt: readonly LearntKeys[] = []): Promise<ScanPlan> {
    const demandedFields = table.schema.fields.filter(({ name: column }) => demand.columns.includes(column));
    const topField = table.schema.fields.find(({ name }) => name === demand.top?.column);
    return planTable(table, {
      metadata: table.metadata,
      snapshotId: table.snapshotId,
      schema: table.schema,
      filter: demand.filter,
      joinKeys: filterOfKeys(learnt),
      top: topField && demand.top && { ...demand.top, field: topField },
      storage: table.storage,
      signal: this.signal,
      cache: metadataCacheOf(this.context, table),
      statistics: [
        ...statisticsWanted(table, demand),
        ...(topField ? [topField.id] : []),
        ...floatingFieldIds(demandedFields),
      ],
    });
  }

  /** Brings a planned scan to local disk. */
  async scan(
    name: string,
    table: PinnedTable,
    demand: ScanDemand,
    plan: ScanPlan,
    learnt: readonly LearntKeys[] = [],
  ): Promise<StagedScan> {
    const tasks = limited(plan.tasks, demand);
    const traffic = noTraffic();
    const { counted, rest } = rowsFromMetadata(table, tasks, demand);
    refuseOtherFormats(table, rest);
    const filter = allOf([demand.filter, rangesOfKeys(learnt)]);
    const scan = await this.#files(name, table, rest, { ...demand, filter }, traffic, counted);
    return { scan, plan, traffic, learnt, filesUnread: tasks.length - rest.length };
  }

  /** The rows of some files, with all columns of the table. */
  files(name: string, table: PinnedTable, tasks: readonly FileTask[]): Promise<TableScan> {
    const columns = columnsOfTable(table);
    const demand = { table: name, columns: columns.map(({ field }) => field.name) };
    return this.#files(name, table, tasks, demand, noTraffic());
  }

  /** Local copies of delete files. */
  async deleteFiles(table: PinnedTable, deletes: readonly DeleteFile[]): Promise<string[]> {
    const traffic = noTraffic();
    return inParallel(deletes, 32, (file) => this.#whole(table, file, traffic));
  }

  release(): Promise<void> {
    return this.#local.release();
  }

  async #files(
    name: string,
    table: PinnedTable,
    tasks: readonly FileTask[],
    demand: ScanDemand,
    traffic: Traffic,
    counted: CountedRows[] = [],
  ): Promise<TableScan> {
    const columns = columnsOfTable(table);
    const compared = comparedColumns(table, tasks);
    const wanted = {
      filter: demand.filter,
      limit: demand.filter ? undefined : demand.limit,
      columns: new Set(demandedOf(columns, demand).map(({ fieldId }) => fieldId)),
      compared: new Map(compared.map(({ fieldId, column }) => [fieldId, column.fieldId])),
    };
    const files = await inParallel(tasks, 32, (task) => this.#source(table, task, wanted, traffic));
    const own = new Set(columns.map(({ fieldId }) => fieldId));
    return {
      name,
      columns,
      ...barrierOf(table),
      comparedColumns: compared.filter(({ fieldId }) => !own.has(fieldId)),
      source: { kind: 'parquet', files, counted },
    };
  }

  async #source(table: PinnedTable, task: FileTask, wanted: Wanted, traffic: Traffic): Promise<ParquetSource> {
    const { file } = task;
    const equality = task.deletes.filter(({ content }) => content === 'equality-deletes');
    const fieldIds = new Set(wanted.columns);
    for (const id of equality.flatMap(({ equalityIds }) => equalityIds ?? [])) {
      fieldIds.add(wanted.compared.get(id) ?? id);
    }
    const readable = await this.#readable(table, file);
    const { footer, columns } = readable;
    refuseSharedFieldIds(file, columns, fieldIds);
    const names = columns
      .filter(({ fieldId }) => fieldId !== undefined && fieldIds.has(fieldId))
      .map(({ name }) => name);
    refuseOtherCodecs(file, footer, names);
    const skipped = ruledOut(table, file, footer, columns, wanted.filter);
    const isLimited = wanted.limit !== undefined && task.deletes.length === 0;
    const { groups: unwanted, ...first } = isLimited ? behind(footer, wanted.limit ?? 0) : { groups: [] };
    const left = [...new Set([...skipped.groups, ...unwanted])];
    traffic.rowGroups += footer.rowGroups.length;
    traffic.rowGroupsSkipped += left.length;
    const wantedColumns = { columns: names, skippedRowGroups: left };
    const local = await this.#local.columns(table, file, { ...readable, ...wantedColumns }, traffic);
    const positional = task.deletes.filter(({ content }) => content === 'position-deletes');
    const vectors = positional.filter(({ format }) => format === 'puffin');
    const deletedPositions = vectors[0] ? await readDeletionVector(vectors[0], table.storage) : undefined;
    const whole = (deletes: DeleteFile) => this.#whole(table, deletes, traffic);
    const { constants, ...hidden } = hiddenValues(table.metadata, file);
    return {
      ...local,
      location: file.location,
      rowCount: file.recordCount,
      ...(skipped.by.length > 0 && { partialFor: skipped.by }),
      ...first,
      columns,
      constants: new Map([...identityConstants(table.metadata, file), ...constants]),
      ...hidden,
      withoutNan: fieldsWithoutNan(file),
      misleadingBloomFilters: misleadingBloomFilters(footer),
      deletedPositions,
      positionDeletes: await Promise.all(positional.filter(({ format }) => format === 'parquet').map(whole)),
      equalityDeletes: await Promise.all(
        equality.map(async (deletes) => {
          const own = await this.#readable(table, deletes);
          refuseSharedFieldIds(deletes, own.columns, new Set(deletes.equalityIds));
          return {
            path: await this.#local.whole(table, deletes, own, traffic),
            fieldIds: deletes.equalityIds ?? [],
            columns: own.columns,
          };
        }),
      ),
    };
  }

  /** The footer that the engine reads a file by. */
  async #readable(table: PinnedTable, file: DataFile | DeleteFile): Promise<ReadableFile> {
    const footer = await this.#local.footer(table, file);
    const columns = withFieldIds(table, footer.columns);
    const shown = localFooter(footer, file.location, footer.fileSize, tableAnnotations(table, footer, columns));
    if (!shown) return { footer, columns, size: footer.fileSize };
    return { footer: shown.footer, columns: withFieldIds(table, shown.footer.columns), size: shown.size, shown };
  }

  async #whole(table: PinnedTable, file: DeleteFile, traffic: Traffic): Promise<string> {
    return this.#local.whole(table, file, await this.#readable(table, file), traffic);
  }
}

/** No rows of a restricted table without its barrier. */
function barrierOf({ name, restrictions, barrier }: PinnedTable): Pick<TableScan, 'barrier'> {
  if (!restrictions) return {};
  if (!barrier) throw new SkuaError('INTERNAL', `The restrictions of ${displayName(name)} are not in place`);
  const { condition, masks } = barrier;
  return { barrier: { ...(condition !== undefined && { condition }), masks } };
}

function demandedOf(columns: readonly TableColumn[], demand: ScanDemand): TableColumn[] {
  return columns.filter(({ field }) => demand.columns.includes(field.name));
}

function planTable(table: PinnedTable, request: ScanRequest): Promise<ScanPlan> {
  switch (table.part?.kind) {
    case 'appendedAfter':
      return planAppends({ ...request, after: table.part.snapshotId });
    case 'notIn':
      return planDifference({ ...request, other: table.part.snapshotId });
    case undefined:
      return planScan(request);
  }
}

/** What the tasks' equality deletes compare, each field once. */
function comparedColumns(table: PinnedTable, tasks: readonly FileTask[]): ComparedColumn[] {
  const ids = new Set(tasks.flatMap(({ deletes }) => deletes.flatMap(({ equalityIds }) => equalityIds ?? [])));
  return [...ids].map((id) => comparedColumn(table.metadata, table.schema, id));
}

/** The first files that hold enough rows, for a bare LIMIT. */
function limited(tasks: FileTask[], demand: ScanDemand): FileTask[] {
  if (demand.limit === undefined || demand.filter) return tasks;
  let rows = 0;
  const enough: FileTask[] = [];
  for (const task of tasks) {
    if (rows >= demand.limit) break;
    enough.push(task);
    if (task.deletes.length === 0) rows += Math.max(0, task.file.recordCount);
  }
  return enough;
}

/** Files without field ids get them from the name mapping or, where the table has none, by position. */
function withFieldIds(table: PinnedTable, columns: PhysicalColumn[]): PhysicalColumn[] {
  if (columns.some(hasFieldId)) return columns;
  const mapping = nameMapping(table.metadata);
  return mapping ? applyNameMapping(columns, mapping) : numberByPosition(columns);
}

function hasFieldId(column: PhysicalColumn): boolean {
  return column.fieldId !== undefined || column.children.some(hasFieldId);
}
