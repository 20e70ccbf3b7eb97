/** Row groups of a file in which a scan's own filter leaves no rows, whose bytes then need not be fetched. */
import type { Filter, PhysicalColumn } from '../../../expressions/index.js';
import type { FileTask } from '../../../iceberg/contract.js';
import type { DataFile, Type } from '../../../iceberg/types.js';
import {
  type LeafColumn,
  type ParquetFooter,
  type SkippedRowGroups,
  skippedRowGroups,
} from '../../../parquet/index.js';
import type { PinnedTable } from '../../contract.js';

const none: SkippedRowGroups = { groups: [], by: [] };

/** Row groups that are not wanted, and the positions of the rows that are. */
export interface OtherGroups {
  groups: number[];
  rows?: { from: number; to: number };
}

/** The row groups after the first so many rows of a file. */
export function groupsAfter({ rowGroups }: ParquetFooter, rows: number): OtherGroups {
  let before = 0;
  const last = rowGroups.findIndex((group) => {
    before += group.rowCount;
    return before >= rows;
  });
  return groupsOutside({ rowGroups }, { first: 0, end: last < 0 ? rowGroups.length : last + 1 });
}

/** The row groups outside a part of a file. */
export function groupsOutside(
  { rowGroups }: Pick<ParquetFooter, 'rowGroups'>,
  { first, end }: NonNullable<FileTask['rowGroups']>,
): OtherGroups {
  const groups = [...rowGroups.keys()].filter((index) => index < first || index >= end);
  if (groups.length === 0) return { groups };
  const rowsOf = (index: number) => rowGroups.slice(0, index).reduce((sum, { rowCount }) => sum + rowCount, 0);
  return { groups, rows: { from: rowsOf(first), to: rowsOf(end) } };
}

/** The engine has to apply the comparisons to the file before anything else: see `ParquetSource.partialFor`. */
export function groupsWithoutRows(
  table: PinnedTable,
  file: DataFile,
  {
    footer,
    columns,
    filter,
  }: { footer: ParquetFooter; columns: readonly PhysicalColumn[]; filter: Filter | undefined },
): SkippedRowGroups {
  if (!filter) return none;
  const identity = table.metadata.partitionSpecs
    .find(({ specId }) => specId === file.specId)
    ?.fields.flatMap(({ transform, sourceIds }) => (transform === 'identity' ? sourceIds : []));
  const names = new Map<string, string>();
  for (const field of table.schema.fields) {
    const physical = columns.find(({ fieldId }) => fieldId === field.id);
    const leaf = footer.rowGroups[0]?.chunks.find(
      ({ leaf: { path } }) => path.length === 1 && path[0] === physical?.name,
    )?.leaf;
    if (leaf && physical && !identity?.includes(field.id) && isStoredAsIs(leaf, field.type))
      names.set(field.name, physical.name);
  }
  return skippedRowGroups(footer, filter, names);
}

/** Whether the engine compares the file's own values, and not what a cast made of them. */
function isStoredAsIs({ physicalType, logicalType }: LeafColumn, type: Type): boolean {
  if (type.kind !== 'primitive') return false;
  const isInteger = logicalType === undefined || logicalType === 'signed-integer';
  switch (type.type) {
    case 'int':
      return physicalType === 'INT32' && isInteger;
    case 'long':
      return physicalType === 'INT64' && isInteger;
    case 'date':
      return logicalType === 'date';
    case 'timestamp':
    case 'timestamptz':
      return logicalType === 'timestamp-micros';
    case 'string':
      return logicalType === 'string';
    default:
      return false;
  }
}
