/** rewrite_position_delete_files. */
import type { FileTask, SnapshotChange } from '../../../iceberg/contract.js';
import { partitionKey, removalKey } from '../../../iceberg/index.js';
import type { DeleteFile } from '../../../iceberg/types.js';
import { deletesOfFiles } from '../../changes/kept-deletes.js';
import { changeTable } from '../../committing/commit.js';
import { changedMeanwhile } from '../../committing/lost-race.js';
import type { StatementContext } from '../../environment.js';
import { refuseMaintenance } from '../../tables/restricted.js';
import { loadTable, type PinnedTable } from '../../tables/tables.js';
import { authorizeChange, proposal } from '../../writing/write.js';
import { optional, required } from '../parameter.js';
import { answer, type Procedure } from '../procedure.js';
import { tableToChange } from '../target.js';
import { type Group, type GroupedItem, groupsOf, inOrder } from './groups.js';
import { GivenOptions, progressOptions, sizeOptions } from './options.js';
import { allFiles, filesWhere } from './planned-files.js';

const TARGET_SIZE = 64 * 2 ** 20;

/**
 * Position delete files of a partition become few, without rows of data files that are gone; from format version 3 on they become deletion vectors.
 */
export const rewritePositionDeleteFiles: Procedure = {
  parameters: [required('table', 'string'), optional('options', 'map'), optional('where', 'string')],
  schema: answer({
    rewritten_delete_files_count: 'int',
    added_delete_files_count: 'int',
    rewritten_bytes_count: 'long',
    added_bytes_count: 'long',
  }),
  async run(context, given) {
    const table = await tableToChange(context, given);
    const options = new GivenOptions(given.statement, given.map('options'));
    const ofTable = Number(table.metadata.properties['write.delete.target-file-size-bytes']);
    const sizes = sizeOptions(options, ofTable > 0 ? ofTable : TARGET_SIZE);
    const progress = progressOptions(options);
    options.refuseOthers();
    await authorizeChange(context, table);
    const tasks = await filesWhere(context, table, given.string('where'));
    const isLater = table.metadata.formatVersion >= 3;
    const candidates = [...positionDeletes(tasks).values()].map((file) => asCandidate(file, isLater));
    const groups = inOrder(groupsOf(candidates, sizes), progress.order);
    const total = { rewritten: 0, added: 0, rewrittenBytes: 0, addedBytes: 0 };
    const each = Math.ceil(groups.length / progress.commits);
    for (let start = 0; start < groups.length; start += each) {
      const state = start === 0 ? table : await loadTable(context, table.name);
      const done = await rewriteGroups(context, state, groups.slice(start, start + each), {
        fileSize: sizes.maxFileSize,
        statement: given.statement,
      });
      for (const key of ['rewritten', 'added', 'rewrittenBytes', 'addedBytes'] as const) total[key] += done[key];
    }
    return [[total.rewritten, total.added, BigInt(total.rewrittenBytes), BigInt(total.addedBytes)]];
  },
};

function asCandidate(file: DeleteFile, isLater: boolean): GroupedItem<DeleteFile> {
  const partition = `${file.specId}:${partitionKey(file.partition)}`;
  return { item: file, partition, size: file.fileSize, isWorth: isLater };
}

function positionDeletes(tasks: Iterable<FileTask>): Map<string, DeleteFile> {
  const found = new Map<string, DeleteFile>();
  for (const { deletes } of tasks) {
    for (const file of deletes) {
      if (file.content === 'position-deletes' && file.format === 'parquet') found.set(file.location, file);
    }
  }
  return found;
}

async function rewriteGroups(
  context: StatementContext,
  table: PinnedTable,
  groups: readonly Group<DeleteFile>[],
  { fileSize, statement }: { fileSize: number; statement: string },
) {
  const outcome = { rewritten: 0, added: 0, rewrittenBytes: 0, addedBytes: 0 };
  let change: SnapshotChange | undefined;
  const compute = async (state: PinnedTable) => {
    const tasks = await allFiles(context, state);
    const live = positionDeletes(tasks);
    outcome.rewritten = 0;
    const added: DeleteFile[] = [];
    const removed = new Set<string>();
    let bytes = 0;
    for (const { items } of groups) {
      const deletes = items.filter(({ location }) => live.has(location));
      const own = new Set(deletes.map(({ location }) => location));
      const touched = tasks.filter((task) => task.deletes.some(({ location }) => own.has(location)));
      const made = await deletesOfFiles(context, state, deletes, touched, fileSize);
      added.push(...made.addedDeletes);
      for (const key of [...deletes.map(removalKey), ...made.removed]) removed.add(key);
      outcome.rewritten += deletes.length;
      bytes += bytesOf(deletes);
    }
    change =
      removed.size === 0 ? undefined : { operation: 'replace', added: [], addedDeletes: added, removed: [...removed] };
    outcome.added = added.length;
    outcome.rewrittenBytes = bytes;
    outcome.addedBytes = bytesOf(added);
  };
  await changeTable(context, table, async (base) => {
    await compute(base);
    if (!change) return undefined;
    return async (now, state, { mayCompute }) => {
      refuseMaintenance(state, statement);
      if (!(await holds(context, state, change))) {
        if (!mayCompute) throw changedMeanwhile(table, state, 'delete files that were to be rewritten');
        await state.storage.remove((change?.addedDeletes ?? []).map(({ location }) => location));
        await compute(state);
      }
      return change && proposal(now, state, change);
    };
  });
  return outcome;
}

/** Whether all that goes is there still. Files that came, and deletes that came, make no difference. */
async function holds(
  context: StatementContext,
  state: PinnedTable,
  change: SnapshotChange | undefined,
): Promise<boolean> {
  const tasks = await allFiles(context, state);
  const there = new Set(tasks.flatMap(({ file, deletes }) => [file.location, ...deletes.map(removalKey)]));
  return (change?.removed ?? []).every((key) => there.has(key));
}

function bytesOf(files: readonly DeleteFile[]): number {
  return files.reduce((sum, file) => sum + (file.contentSize ?? file.fileSize), 0);
}
