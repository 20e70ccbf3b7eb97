/**
 * Brings the bytes that a scan needs to local disk: prunes files by their metadata, reads the footers of those that remain, and fetches
 * just the column chunks that the plan wants.
 */
import { join } from 'node:path';
import type { ParquetSource, PhysicalColumn, ScanDemand, TableScan } from '../engine/contract.js';
import { SkuaError } from '../errors.js';
import type { FileTask, ScanPlan } from '../iceberg/contract.js';
import { applyNameMapping, nameMapping, planScan, readDeletionVector, tableColumns } from '../iceberg/index.js';
import type { DataFile, DeleteFile } from '../iceberg/types.js';
import { neededRanges, type ParquetFooter } from '../parquet/index.js';
import { storeIdentity } from '../storage/index.js';
import type { StatementContext } from './environment.js';
import { displayName } from './names.js';
import { inParallel } from './parallel.js';
import { identityConstants } from './partition-values.js';
import type { PinnedTable } from './tables.js';

/** Local files for one table, held until `release`. */
export interface StagedScan {
  scan: TableScan;
  plan: ScanPlan;
  traffic: Traffic;
}

/** What staging moved, in bytes. */
export interface Traffic {
  fetchedBytes: number;
  cachedBytes: number;
}

/** Files linked into a session's folder for one statement. */
export class StagingArea {
  readonly #links: string[] = [];

  constructor(
    private readonly context: StatementContext,
    private readonly directory: string,
  ) {}

  async scan(name: string, table: PinnedTable, demand: ScanDemand): Promise<StagedScan> {
    const { environment, call } = this.context;
    const plan = await planScan({
      metadata: table.metadata,
      snapshotId: table.snapshotId,
      filter: demand.filter,
      storage: table.storage,
      signal: call.signal,
      cache: environment.metadataCache,
    });
    refuseOtherFormats(table, plan);
    const columns = tableColumns(table.schema);
    const wanted = new Set(
      columns.filter(({ field }) => demand.columns.includes(field.name)).map(({ fieldId }) => fieldId),
    );
    const tasks = limited(plan.tasks, demand);
    const traffic: Traffic = { fetchedBytes: 0, cachedBytes: 0 };
    const files = await inParallel(tasks, 32, (task) => this.#source(table, task, wanted, traffic));
    return { scan: { name, columns, source: { kind: 'parquet', files } }, plan, traffic };
  }

  async release(): Promise<void> {
    const links = this.#links.splice(0);
    await Promise.all(links.map((link) => this.context.environment.rangeCache.unlink(link)));
  }

  async #source(table: PinnedTable, task: FileTask, wanted: Set<number>, traffic: Traffic): Promise<ParquetSource> {
    const { file } = task;
    const equality = task.deletes.filter(({ content }) => content === 'equality-deletes');
    const compared = equality.flatMap(({ equalityIds }) => equalityIds ?? []);
    const footer = await this.#footer(table, file);
    const columns = withFieldIds(table, footer.columns);
    const path = await this.#local(table, file, footer, new Set([...wanted, ...compared]), columns, traffic);
    const positional = task.deletes.filter(({ content }) => content === 'position-deletes');
    const vectors = positional.filter(({ format }) => format === 'puffin');
    const deletedPositions = vectors[0] ? await readDeletionVector(vectors[0], table.storage) : undefined;
    const whole = (deletes: DeleteFile) => this.#whole(table, deletes, traffic);
    return {
      path,
      location: file.location,
      rowCount: file.recordCount,
      columns,
      constants: identityConstants(table.metadata, file, columns),
      deletedPositions,
      positionDeletes: await Promise.all(positional.filter(({ format }) => format === 'parquet').map(whole)),
      equalityDeletes: await Promise.all(
        equality.map(async (deletes) => ({ path: await whole(deletes), fieldIds: deletes.equalityIds ?? [] })),
      ),
    };
  }

  #footer(table: PinnedTable, file: DataFile | DeleteFile): Promise<ParquetFooter> {
    const { environment, call } = this.context;
    return environment.footerCache.read(
      {
        location: file.location,
        size: file.fileSize,
        store: storeIdentity(table.loaded.storage, file.location, table.metadata.location),
      },
      table.storage,
      call.signal,
    );
  }

  async #local(
    table: PinnedTable,
    file: DataFile | DeleteFile,
    footer: ParquetFooter,
    fieldIds: Set<number>,
    columns: PhysicalColumn[],
    traffic: Traffic,
  ): Promise<string> {
    const names = columns
      .filter(({ fieldId }) => fieldId !== undefined && fieldIds.has(fieldId))
      .map(({ name }) => name);
    return this.#link(table, file, neededRanges(footer, names, file.fileSize), traffic);
  }

  #whole(table: PinnedTable, file: DeleteFile, traffic: Traffic): Promise<string> {
    return this.#link(table, file, [{ offset: 0, length: file.fileSize }], traffic);
  }

  async #link(
    table: PinnedTable,
    file: DataFile | DeleteFile,
    ranges: { offset: number; length: number }[],
    traffic: Traffic,
  ): Promise<string> {
    const { environment, call } = this.context;
    const local = await environment.rangeCache.ensure(
      {
        location: file.location,
        size: file.fileSize,
        storage: table.storage,
        store: storeIdentity(table.loaded.storage, file.location, table.metadata.location),
      },
      ranges,
      call.signal,
    );
    traffic.fetchedBytes += local.fetchedBytes;
    traffic.cachedBytes += local.cachedBytes;
    const link = await environment.rangeCache.link(local.path, join(this.directory));
    this.#links.push(link);
    return link;
  }
}

function refuseOtherFormats(table: PinnedTable, plan: ScanPlan): void {
  for (const { file, deletes } of plan.tasks) {
    const odd = [file, ...deletes].find(({ format }) => format !== 'parquet' && format !== 'puffin');
    if (odd) {
      const what = odd.content === 'data' ? 'data files' : 'delete files';
      throw new SkuaError(
        'UNIMPLEMENTED',
        `Table ${displayName(table.name)} has ${what} in ${odd.format.toUpperCase()} format; Skua reads Parquet`,
      );
    }
  }
}

/** The first files that hold enough rows, for a bare LIMIT. */
function limited(tasks: FileTask[], demand: ScanDemand): FileTask[] {
  if (demand.limit === undefined || demand.filter) return tasks;
  let rows = 0;
  const enough: FileTask[] = [];
  for (const task of tasks) {
    if (rows >= demand.limit) break;
    enough.push(task);
    if (task.deletes.length === 0) rows += task.file.recordCount;
  }
  return enough;
}

function withFieldIds(table: PinnedTable, columns: PhysicalColumn[]): PhysicalColumn[] {
  if (columns.some(hasFieldId)) return columns;
  return applyNameMapping(columns, nameMapping(table.metadata));
}

function hasFieldId(column: PhysicalColumn): boolean {
  return column.fieldId !== undefined || column.children.some(hasFieldId);
}
