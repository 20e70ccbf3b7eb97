/** A table at the head of a branch, and how statements name it. */
import { type ErrorCode, SkuaError } from '../../errors.js';
import { referenceNamed, schemaOf } from '../../iceberg/index.js';
import type { TableMetadata } from '../../iceberg/types.js';
import { namespaceOf, tableKey } from './names.js';
import type { PinnedTable } from './pinned-table.js';

/** A path whose last name stands for a branch or tag of the table before it. */
export interface ReferencePath {
  table: string[];
  type: 'branch' | 'tag';
  name: string;
}

export function referenceInPath(path: readonly string[]): ReferencePath | undefined {
  const [, type, name] = /^(branch|tag)_(.+)$/is.exec(path.at(-1) as string) ?? [];
  if (path.length < 2 || type === undefined || name === undefined) return undefined;
  // Of more than three names, those in the middle come as one.
  const [catalog, middle] = path as [string, string];
  const table = path.length === 3 && middle.includes('.') ? [catalog, ...namespaceOf(middle)] : path.slice(0, -1);
  return { table, type: type.toLowerCase() as ReferencePath['type'], name };
}

/** What may stand for the table before a branch's name; undefined where there is none, or none that the caller may see. */
export async function ifThere<T>(loading: Promise<T>): Promise<T | undefined> {
  return loading.catch((error) => {
    if (error instanceof SkuaError && ABSENT.has(error.code)) return undefined;
    throw error;
  });
}

const ABSENT = new Set<ErrorCode>(['NOT_FOUND', 'PERMISSION_DENIED', 'INVALID_ARGUMENT']);

/** The table with other metadata, at the head of its branch. */
export function withState(table: PinnedTable, metadata: TableMetadata): PinnedTable {
  return { ...table, metadata, snapshotId: headOf(metadata, table.branch), schema: schemaOf(metadata) };
}

/** The same table in a newer state, for the same branch. */
export function carriedOver(table: PinnedTable, fresh: PinnedTable): PinnedTable {
  const { branch, wapId } = table;
  if (!branch && wapId === undefined) return fresh;
  return withState({ ...fresh, ...(branch && { branch }), ...(wapId !== undefined && { wapId }) }, fresh.metadata);
}

/** A branch that is still to be made begins at the current snapshot. */
function headOf(metadata: TableMetadata, branch: PinnedTable['branch']): bigint | undefined {
  if (!branch) return metadata.currentSnapshotId;
  return referenceNamed(metadata, branch.name)?.snapshotId ?? metadata.currentSnapshotId;
}

/** Tells apart what a statement reads of one table: its main branch, and one that is named. */
export function stateKey({ name, branch }: Pick<PinnedTable, 'name' | 'branch'>): string {
  return branch?.isNamed ? `${tableKey(name)} ${branch.name}` : tableKey(name);
}
