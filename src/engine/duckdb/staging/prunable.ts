/** Which join keys can leave out something of a table, by what its metadata says. */
import type { ScanPlan } from '../../../iceberg/contract.js';
import { overlap, overlapOfFiles } from '../../../iceberg/index.js';
import type { NestedField } from '../../../iceberg/types.js';
import { spansOfColumn } from '../../../parquet/index.js';
import type { PinnedTable } from '../../contract.js';
import type { JoinKey } from '../contract.js';
import type { LocalFiles } from './local-files.js';
import { readableFile } from './readable-file.js';

/** Where files or row groups overlap with more of the others than this share, most of them have some of the keys, whatever those are. */
const mostOverlap = 0.5;

/** Files whose row groups are looked at: with more, the files themselves tell. */
const mostFilesLookedInto = 4;

/** Whether some partition of the table is known by the column alone, so that keys leave out whole partitions. */
export function isPartitionedBy({ metadata }: PinnedTable, { id }: NestedField): boolean {
  return metadata.partitionSpecs.some(({ fields }) =>
    fields.some(({ transform, sourceIds }) => transform !== 'void' && sourceIds.includes(id)),
  );
}

/** The keys by which files or row groups of a planned scan can fall. The plan has the statistics of their columns. */
export async function prunableKeys(
  local: LocalFiles,
  table: PinnedTable,
  plan: ScanPlan,
  keys: readonly JoinKey[],
): Promise<JoinKey[]> {
  const files = plan.tasks.map(({ file }) => file);
  const found = await Promise.all(
    keys.map(async (key) => {
      const field = table.schema.fields.find(({ name }) => name === key.column);
      if (!field) return [];
      if (isPartitionedBy(table, field)) return [key];
      if (files.length > 1 && overlapOfFiles(table.metadata, files, field) <= mostOverlap) return [key];
      if (files.length > mostFilesLookedInto) return [];
      const overlaps = await Promise.all(plan.tasks.map(({ file }) => overlapOfRowGroups(local, table, file, field)));
      return overlaps.some((share) => share <= mostOverlap) ? [key] : [];
    }),
  );
  return found.flat();
}

async function overlapOfRowGroups(
  local: LocalFiles,
  table: PinnedTable,
  file: ScanPlan['tasks'][number]['file'],
  { id }: NestedField,
): Promise<number> {
  const { footer, columns } = await readableFile(local, table, file);
  const column = columns.find(({ fieldId }) => fieldId === id);
  if (!column || footer.rowGroups.length < 2) return 1;
  const spans = spansOfColumn(footer, column.name);
  return spans.length < footer.rowGroups.length ? 1 : overlap(spans, compareBounds);
}

function compareBounds(left: bigint | Uint8Array, right: bigint | Uint8Array): number {
  if (typeof left === 'bigint' || typeof right === 'bigint') return left < right ? -1 : left > right ? 1 : 0;
  return Buffer.compare(left, right);
}
