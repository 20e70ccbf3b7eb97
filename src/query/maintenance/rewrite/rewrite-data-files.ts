/** rewrite_data_files. */
import { SkuaError, toSkuaError } from '../../../errors.js';
import type { FileTask } from '../../../iceberg/contract.js';
import { MAIN_BRANCH, onlyDataFile, partitionKey } from '../../../iceberg/index.js';
import { changeTable } from '../../committing/commit.js';
import type { StatementContext } from '../../environment.js';
import { carriedOver } from '../../tables/branch-state.js';
import { onBranch } from '../../tables/branches.js';
import { displayName } from '../../tables/names.js';
import { loadTable, type PinnedTable } from '../../tables/tables.js';
import { authorizeChange } from '../../writing/write.js';
import type { Arguments } from '../arguments.js';
import { optional, required } from '../parameter.js';
import { answer, type Procedure } from '../procedure.js';
import { tableToChange } from '../target.js';
import { removeDanglingDeletes } from './dangling-deletes.js';
import { type Group, type GroupedItem, groupsOf, inBatches, inOrder, outputSize } from './groups.js';
import { GivenOptions, type ProgressOptions, progressOptions, type SizeOptions, sizeOptions } from './options.js';
import { filesWhere } from './planned-files.js';
import { type Batch, type Rewrite, Rewriting, type Rewritten, sequenceNumberOf } from './rewriting.js';
import { orderOf, readSortOptions, type Sorting, sortingOf } from './sorting.js';
import { writeRowsOf } from './write-rows.js';

const MOST_DELETES = 2 ** 31 - 1;
/** What is written at a time, of small groups. */
const BATCH_BYTES = 256 * 2 ** 20;
const BATCH_FILES = 1000;

interface Settings {
  sizes: SizeOptions;
  progress: ProgressOptions;
  deleteFileThreshold: number;
  deleteRatioThreshold: number;
  usesStartingSequenceNumber: boolean;
  removesDangling: boolean;
  outputSpecId: number;
}

export const rewriteDataFiles: Procedure = {
  parameters: [
    required('table', 'string'),
    optional('strategy', 'string'),
    optional('sort_order', 'string'),
    optional('options', 'map'),
    optional('where', 'string'),
    optional('branch', 'string'),
  ],
  schema: answer({
    rewritten_data_files_count: 'int',
    added_data_files_count: 'int',
    rewritten_bytes_count: 'long',
    failed_data_files_count: 'int',
    removed_delete_files_count: 'int',
  }),
  async run(context, given) {
    const table = onGivenBranch(await tableToChange(context, given), given.string('branch'));
    const sorting = sortingOf(given, table);
    const settings = settingsOf(context, given, table, sorting);
    const order = orderOf(sorting, table, settings.outputSpecId);
    await authorizeChange(context, table);
    const files = await filesWhere(context, table, given.string('where'));
    const groups = inOrder(groupsOf(candidates(files, settings), settings.sizes), settings.progress.order);
    const rewrite: Rewrite = (within, state, tasks) => {
      const size = tasks.reduce((sum, { file }) => sum + file.fileSize, 0);
      const metadata = { ...state.metadata, defaultSpecId: settings.outputSpecId };
      const options = { order, fileSize: outputSize(size, settings.sizes) };
      return writeRowsOf(within, { ...state, metadata }, tasks, options);
    };
    const done = await rewriteGroups(context, table, { groups, settings, rewrite, statement: given.statement });
    const dangling = settings.removesDangling
      ? await removeDanglingDeletes(context, given, carriedOver(table, await loadTable(context, table.name)))
      : 0;
    const { files: count, added, bytes, failed, removedDeletes } = done;
    return [[count, added, BigInt(bytes), failed, removedDeletes + dangling]];
  },
};

/** The main branch needs no name, and may have no snapshot yet. */
function onGivenBranch(table: PinnedTable, name = MAIN_BRANCH): PinnedTable {
  return name === MAIN_BRANCH ? table : onBranch(table, name);
}

function settingsOf(context: StatementContext, given: Arguments, table: PinnedTable, sorting: Sorting): Settings {
  const options = new GivenOptions(given.statement, given.map('options'));
  const { metadata } = table;
  const ofTable = Number(metadata.properties['write.target-file-size-bytes']);
  const sizes = sizeOptions(options, ofTable > 0 ? ofTable : context.environment.limits.targetFileSize);
  const settings: Settings = {
    sizes: { ...sizes, maxFiles: options.number('max-files-to-rewrite', Number.POSITIVE_INFINITY, 1) },
    progress: progressOptions(options),
    deleteFileThreshold: options.number('delete-file-threshold', MOST_DELETES),
    deleteRatioThreshold: options.fraction('delete-ratio-threshold', 0.3, 1),
    usesStartingSequenceNumber: options.boolean('use-starting-sequence-number', true),
    removesDangling: options.boolean('remove-dangling-deletes', false),
    outputSpecId: options.number('output-spec-id', metadata.defaultSpecId),
  };
  readSortOptions(options, sorting);
  options.refuseOthers();
  if (metadata.partitionSpecs.some(({ specId }) => specId === settings.outputSpecId)) return settings;
  const name = displayName(table.name);
  throw new SkuaError('INVALID_ARGUMENT', `Table ${name} has no partition spec ${settings.outputSpecId}`);
}

function* candidates(files: Iterable<FileTask>, settings: Settings): Generator<GroupedItem<FileTask>> {
  for (const task of files) {
    const { file } = task;
    const isOfOutput = file.specId === settings.outputSpecId;
    yield {
      item: task,
      partition: isOfOutput ? partitionKey(file.partition) : 'other specs',
      size: file.fileSize,
      isWorth:
        task.deletes.length >= settings.deleteFileThreshold || deletedRatio(task) >= settings.deleteRatioThreshold,
    };
  }
}

/** By deletes that are about the file alone; how many rows others take from it is not known. */
function deletedRatio({ file, deletes }: FileTask): number {
  let rows = 0;
  for (const one of deletes) {
    if (one.content === 'position-deletes' && onlyDataFile(one) !== undefined) rows += one.recordCount;
  }
  return rows === 0 ? 0 : Math.min(rows, file.recordCount) / file.recordCount;
}

interface Job {
  groups: readonly Group<FileTask>[];
  settings: Settings;
  rewrite: Rewrite;
  statement: string;
}

/** All at once, or in as many commits as there may be, of which some may fail. */
async function rewriteGroups(
  context: StatementContext,
  table: PinnedTable,
  { groups, settings, rewrite, statement }: Job,
): Promise<Rewritten & { failed: number }> {
  const total = { files: 0, added: 0, bytes: 0, removedDeletes: 0, failed: 0 };
  const sequenceNumber = settings.usesStartingSequenceNumber ? sequenceNumberOf(table) : undefined;
  const each = Math.ceil(groups.length / settings.progress.commits);
  let failures = 0;
  for (let start = 0; start < groups.length; start += each) {
    const some = groups.slice(start, start + each);
    const batches = inBatches(some, BATCH_BYTES, BATCH_FILES).map((batch): Batch => {
      return { tasks: batch.flatMap(({ items }) => items), added: [], sequenceNumber };
    });
    try {
      // What was committed before is known only once the table is read again.
      const state = start === 0 ? table : carriedOver(table, await loadTable(context, table.name));
      const done = await rewriteAtOnce(context, state, table, { batches, rewrite, statement });
      for (const key of ['files', 'added', 'bytes', 'removedDeletes'] as const) total[key] += done[key];
    } catch (error) {
      failures++;
      if (context.call.signal.aborted || failures > settings.progress.failures) throw error;
      total.failed += some.reduce((sum, { items }) => sum + items.length, 0);
      const { code } = toSkuaError(error);
      context.environment.warn({ table: displayName(table.name), code }, 'Some files could not be rewritten');
    }
  }
  return total;
}

async function rewriteAtOnce(
  context: StatementContext,
  state: PinnedTable,
  planned: PinnedTable,
  { batches, rewrite, statement }: { batches: Batch[]; rewrite: Rewrite; statement: string },
): Promise<Rewritten> {
  const rewriting = new Rewriting(planned, batches, statement, rewrite);
  await changeTable(context, state, async (base) => {
    // The files are read as they were planned.
    const asPlanned = { ...planned, storage: base.storage };
    for (const batch of batches) batch.added = await rewrite(context, asPlanned, batch.tasks);
    return (...asked) => rewriting.propose(...asked);
  });
  return rewriting.outcome;
}
