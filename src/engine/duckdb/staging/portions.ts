/**
 * The data files of a query whose result is that of its files one after the other, in portions: while one is read, the next is fetched, so that
 * the first rows come as soon from a large table as from a small one, and no more of it than two portions, or a file, has to fit on the disk.
 */
import type { FileTask, ScanPlan } from '../../../iceberg/contract.js';
import type { BoundStatement, ScanFigures, ScanProfile } from '../../contract.js';
import type { ScanDemand } from '../contract.js';
import { rowsFromMetadata } from './from-metadata.js';
import { cacheFile } from './local-files.js';
import type { Workplace } from './over-staged.js';
import type { ReadableTable } from './readable-table.js';
import { type PlannedStatement, planOnlyTable, type StatementInput } from './stage-statement.js';

/** The first portion is a small part of the largest, so that its rows come soon; each is twice the one before. */
const FIRST_PART = 1 / 16;
/** A file is divided where it has more than so many portions: a part of it takes the engine longer than the same rows of a whole one. */
const LARGE = 4;
/** Where no more than this part of a portion is yet to be fetched, it is fetched at once. */
const AT_ONCE = 1 / 2;

export interface Portion extends PlannedStatement {
  /** The part of what the query reads that this is, 0 to 1. */
  share: number;
}

/** At least one. A statement that can't be divided, and one for which little has to be fetched, is a single portion. */
export async function portionsOf(
  place: Workplace,
  planned: PlannedStatement,
  input: StatementInput,
): Promise<[Portion, ...Portion[]]> {
  const whole: Portion = { ...planned, share: 1 };
  const [only, ...others] = planned.statement.tables;
  if (!planned.statement.rowByRow || only?.kind !== 'iceberg' || others.length > 0) return [whole];
  const { table, demand, planned: plan } = await planOnlyTable(place, planned, input);
  // Few rows come from few files.
  if (demand.limit !== undefined || demand.top) return [{ ...whole, plan }];
  const files = readOf(table, plan, demand);
  const { ranges, portionBytes } = place.caches;
  const atOnce = portionBytes * AT_ONCE;
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const heldOf = ({ task }: ReadFile) => ranges.heldBytes(cacheFile(table, task.file));
  if (total <= atOnce || !lacks(files, atOnce, heldOf)) return [{ ...whole, plan }];
  const [first, ...later] = grouped(files, portionBytes).map(({ tasks, bytes }) => {
    return { ...planned, plan: { ...plan, tasks }, share: bytes / total };
  });
  if (!first) return [{ ...whole, plan }];
  // Files of which the metadata tells enough come with the first.
  const read = new Set(files.map(({ task }) => task));
  const unread = plan.tasks.filter((task) => !read.has(task));
  return [{ ...first, plan: { ...plan, tasks: [...unread, ...first.plan.tasks] } }, ...later];
}

interface ReadFile {
  task: FileTask;
  bytes: number;
}

/** The files that have to be read, with the bytes of them that the query asks for, as far as the metadata tells. */
function readOf(table: ReadableTable, plan: ScanPlan, demand: ScanDemand): ReadFile[] {
  const ids = table.schema.fields.filter(({ name }) => demand.columns.includes(name)).map(({ id }) => id);
  const { rest } = rowsFromMetadata(table, plan.tasks, demand);
  return rest.map((task) => {
    const { fileSize, columnSizes } = task.file;
    const sizes = ids.map((id) => columnSizes?.get(id) ?? Number.NaN);
    const named = sizes.reduce((sum, size) => sum + size, 0);
    return { task, bytes: named >= 0 && named < fileSize ? named : fileSize };
  });
}

/** Whether more than so many bytes are yet to be fetched. */
function lacks(files: readonly ReadFile[], bytes: number, heldOf: (file: ReadFile) => number): boolean {
  let missing = 0;
  return files.some((file) => {
    missing += Math.max(0, file.bytes - heldOf(file));
    return missing > bytes;
  });
}

function grouped(files: readonly ReadFile[], largest: number): { tasks: FileTask[]; bytes: number }[] {
  const groups: { tasks: FileTask[]; bytes: number }[] = [];
  let wanted = largest * FIRST_PART;
  let current = { tasks: [] as FileTask[], bytes: 0 };
  const close = () => {
    groups.push(current);
    current = { tasks: [], bytes: 0 };
    wanted = Math.min(wanted * 2, largest);
  };
  for (const file of files) {
    for (const { task, bytes } of file.bytes > wanted * LARGE ? partsOf(file) : [file]) {
      addTo(current.tasks, task);
      current.bytes += bytes;
      if (current.bytes >= wanted) close();
    }
  }
  if (current.tasks.length > 0) close();
  return groups;
}

/** Parts of a file that follow each other are one. */
function addTo(tasks: FileTask[], task: FileTask): void {
  const last = tasks.at(-1);
  if (last?.rowGroups && task.rowGroups && last.file === task.file) {
    tasks[tasks.length - 1] = { ...task, rowGroups: { first: last.rowGroups.first, end: task.rowGroups.end } };
  } else tasks.push(task);
}

/** The row groups of a file, as many as its writer noted; the last has whatever more there turns out to be. */
function partsOf({ task, bytes }: ReadFile): ReadFile[] {
  const { fileSize, splitOffsets = [] } = task.file;
  if (splitOffsets.length < 2 || splitOffsets.length > MOST_ROW_GROUPS) return [{ task, bytes }];
  return splitOffsets.map((offset, first) => {
    const next = splitOffsets[first + 1];
    const part = Math.max(0, (next ?? fileSize) - offset) / fileSize;
    const end = next === undefined ? Number.MAX_SAFE_INTEGER : first + 1;
    return { task: { ...task, rowGroups: { first, end } }, bytes: bytes * part };
  });
}

/** A file with more has small ones. */
const MOST_ROW_GROUPS = 1000;

/** What the scans of all portions have come to, told as if they were one. */
export class ProfileOfPortions {
  readonly #parts: (() => ScanProfile[])[] = [];
  readonly #onStaged: BoundStatement['onStaged'];

  constructor(onStaged: BoundStatement['onStaged']) {
    this.#onStaged = onStaged;
  }

  /** What is told of a portion: of one that is staged again, the last time counts. */
  of(index: number): BoundStatement['onStaged'] {
    if (!this.#onStaged) return undefined;
    return (profiles) => {
      this.#parts[index] = profiles;
      this.#onStaged?.(() => sumOf(this.#parts.map((part) => part())));
    };
  }

  /** What was read of a portion is asked for no more. */
  close(index: number): void {
    const last = this.#parts[index]?.();
    if (last) this.#parts[index] = () => last;
  }
}

function sumOf([first = [], ...others]: readonly ScanProfile[][]): ScanProfile[] {
  return first.map((profile, index) => {
    const { read } = profile;
    if (read.kind !== 'figures') return profile;
    const more = others.flatMap((part) => (part[index]?.read.kind === 'figures' ? [part[index].read] : []));
    return { ...profile, read: more.reduce(added, read) };
  });
}

function added(left: ScanFigures, right: ScanFigures): ScanFigures {
  return {
    ...left,
    filesRead: left.filesRead + right.filesRead,
    filesUnread: left.filesUnread + right.filesUnread,
    rowGroups: left.rowGroups + right.rowGroups,
    rowGroupsSkipped: left.rowGroupsSkipped + right.rowGroupsSkipped,
    filesDecoded: (left.filesDecoded ?? 0) + (right.filesDecoded ?? 0),
    bytesFetched: left.bytesFetched + right.bytesFetched,
    bytesCached: left.bytesCached + right.bytesCached,
  };
}
