/** One data file brought to local disk: just the column chunks that the scan wants, and whole what deletes rows from it. */
import type { Filter, TableColumn } from '../../../expressions/index.js';
import type { FileTask } from '../../../iceberg/contract.js';
import { fieldsWithoutNan, hiddenValues } from '../../../iceberg/index.js';
import type { DeleteFile } from '../../../iceberg/types.js';
import { misleadingBloomFilters } from '../../../parquet/index.js';
import type { PinnedTable } from '../../contract.js';
import type { ParquetSource } from '../contract.js';
import { decodedSource } from './decoded-source.js';
import type { LocalFile, LocalFiles } from './local-files.js';
import { identityConstants } from './partition-values.js';
import { type ReadableFile, readableFile } from './readable-file.js';
import { refuseOtherCodecs, refuseSharedFieldIds } from './refusals.js';
import { groupsAfter, groupsOutside, groupsWithoutRows } from './row-groups.js';
import type { StagedDeletes } from './staged-deletes.js';

/** What a scan reads: its columns, and for each field that an equality delete compares the column that holds it. */
export interface WantedRows {
  /** What all wanted rows satisfy. */
  filter: Filter | undefined;
  /** So many rows of any file are enough. */
  limit: number | undefined;
  columns: ReadonlySet<number>;
  /** All columns of the table, and those that hold compared fields. */
  known: readonly TableColumn[];
  /** From how many bytes of a file on copies of its decoded columns are looked for. */
  smallestDecoded: number;
  compared: ReadonlyMap<number, number>;
}

export interface StagedFile {
  source: ParquetSource;
  rowGroups: number;
  rowGroupsSkipped: number;
  /** It goes on with a file whose first part is another source. */
  isContinued: boolean;
  /** Its columns are read in the engine's own format. */
  isDecoded: boolean;
}

export async function fileSource(
  local: LocalFiles,
  table: PinnedTable,
  task: FileTask,
  { wanted, deletes }: { wanted: WantedRows; deletes: StagedDeletes },
): Promise<StagedFile> {
  const { file } = task;
  const equality = task.deletes.filter(({ content }) => content === 'equality-deletes');
  const readable = await readableFile(local, table, file);
  const columns = wantedColumns(readable, equality, wanted);
  refuseSharedFieldIds(file, readable.columns, columns.fieldIds);
  refuseOtherCodecs(file, readable.footer, columns.names);
  const read = wanted.known.filter(({ fieldId }) => columns.fieldIds.has(fieldId));
  const decoded = task.rowGroups
    ? undefined
    : await decodedSource(local, table, {
        file,
        readable,
        columns: read,
        known: wanted.known,
        smallest: wanted.smallestDecoded,
      });
  const skipped = decoded ? nothingSkipped : skippedGroups(table, task, readable, wanted);
  const { path, held }: LocalFile =
    decoded ??
    (await local.columns(table, file, {
      ...readable,
      columns: columns.names,
      skippedRowGroups: skipped.groups,
    }));
  const { constants, ...hidden } = hiddenValues(table.metadata, file);
  const ownDeletes = await deletes.of(task);
  return {
    source: {
      path,
      ...(held && { held }),
      ...(decoded && { decoded }),
      location: file.location,
      rowCount: readable.footer.rowCount,
      ...skipped.marks,
      columns: readable.columns,
      constants: new Map([...identityConstants(table.metadata, file), ...constants]),
      ...hidden,
      withoutNan: fieldsWithoutNan(file),
      misleadingBloomFilters: misleadingBloomFilters(readable.footer),
      ...ownDeletes,
    },
    rowGroups: readable.footer.rowGroups.length - skipped.others,
    rowGroupsSkipped: skipped.groups.length - skipped.others,
    isContinued: task.rowGroups !== undefined && task.rowGroups.first > 0,
    isDecoded: decoded !== undefined,
  };
}

const nothingSkipped = { groups: [] as number[], others: 0, marks: {} };

function wantedColumns(
  { columns }: ReadableFile,
  equality: readonly DeleteFile[],
  wanted: WantedRows,
): { fieldIds: Set<number>; names: string[] } {
  const fieldIds = new Set(wanted.columns);
  for (const id of equality.flatMap(({ equalityIds }) => equalityIds ?? []))
    fieldIds.add(wanted.compared.get(id) ?? id);
  const found = columns.filter(({ fieldId }) => fieldId !== undefined && fieldIds.has(fieldId));
  return { fieldIds, names: found.map(({ name }) => name) };
}

/** Row groups that are not fetched, and what the engine has to know of that. */
function skippedGroups(
  table: PinnedTable,
  { file, deletes, rowGroups }: FileTask,
  { footer, columns }: ReadableFile,
  { filter, limit }: WantedRows,
): { groups: number[]; others: number; marks: Pick<ParquetSource, 'partialFor' | 'rows'> } {
  const without = groupsWithoutRows(table, file, { footer, columns, filter });
  const part = rowGroups && groupsOutside(footer, rowGroups);
  const first = !part && limit !== undefined && deletes.length === 0 ? groupsAfter(footer, limit) : undefined;
  const { groups = [], rows } = part ?? first ?? {};
  return {
    groups: [...new Set([...without.groups, ...groups])],
    others: part?.groups.length ?? 0,
    marks: { ...(without.by.length > 0 && { partialFor: without.by }), ...(rows && { rows }) },
  };
}
