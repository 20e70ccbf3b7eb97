/** Branches that statements read and change: named behind the table, `t.branch_audit`, or chosen by the session for write-audit-publish. */
import { SkuaError } from '../../errors.js';
import { referenceNamed, requireBranch } from '../../iceberg/index.js';
import type { StatementContext } from '../environment.js';
import { chosenSetting } from '../session/chosen-settings.js';
import { type ReferencePath, withState } from './branch-state.js';
import { displayName } from './names.js';
import type { PinnedTable } from './pinned-table.js';

/** The branch of a table that a statement names to change it. NOT_FOUND where there is none; INVALID_ARGUMENT for a tag. */
export function branchToChange(
  context: StatementContext,
  table: PinnedTable,
  { type, name }: Pick<ReferencePath, 'type' | 'name'>,
): PinnedTable {
  if (type === 'tag') throw new SkuaError('INVALID_ARGUMENT', `"${name}" is a tag; only branches can be changed`);
  const named = onBranch(table, name);
  const { branch } = publishing(context, table);
  if (branch !== undefined) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `The statement changes branch "${name}", but the session writes to "${branch}"; RESET wap.branch`,
    );
  }
  return named;
}

/** The table at the head of a branch, by whose name its changes go there. NOT_FOUND where there is none; INVALID_ARGUMENT for a tag. */
export function onBranch(table: PinnedTable, name: string): PinnedTable {
  const { metadata } = table;
  if (requireBranch(metadata, name)) return withState({ ...table, branch: { name, isNamed: true } }, metadata);
  const known = Object.entries(metadata.refs).flatMap(([one, ref]) => (ref.type === 'branch' ? [`"${one}"`] : []));
  const hint = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`;
  throw new SkuaError('NOT_FOUND', `Table ${displayName(table.name)} has no branch "${name}"; ${hint}`);
}

/** What write-audit-publish makes of a change of a table: it goes to the session's branch, or is staged under the session's id. */
export function forWriting(context: StatementContext, table: PinnedTable): PinnedTable {
  const { branch, id } = publishing(context, table);
  if (branch !== undefined && id !== undefined) {
    throw new SkuaError('INVALID_ARGUMENT', 'wap.id and wap.branch exclude each other; RESET one of them');
  }
  if (id !== undefined) return { ...table, wapId: id };
  if (branch === undefined) return table;
  requireBranch(table.metadata, branch);
  return withState({ ...table, branch: { name: branch, isNamed: false } }, table.metadata);
}

/** What a session reads of a table whose changes go to a branch, once that is there. */
export function forReading(context: StatementContext, table: PinnedTable): PinnedTable {
  const { branch } = publishing(context, table);
  if (branch === undefined || referenceNamed(table.metadata, branch)?.type !== 'branch') return table;
  const { snapshotId } = withState({ ...table, branch: { name: branch, isNamed: false } }, table.metadata);
  return { ...table, snapshotId, at: `branch ${branch}` };
}

function publishing(
  { call }: StatementContext,
  { metadata }: PinnedTable,
): { branch?: string | undefined; id?: string | undefined } {
  if (metadata.properties['write.wap.enabled']?.toLowerCase() !== 'true') return {};
  return { branch: chosenSetting(call.session, 'wap.branch'), id: chosenSetting(call.session, 'wap.id') };
}
