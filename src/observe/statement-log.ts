/** Statements that run and those that have ended, the latter also on disk, so that they outlive the server. */
import { readFileSync } from 'node:fs';
import type { SkuaError } from '../errors.js';
import {
  displayName,
  type StatementEntry,
  type StatementRun,
  type TouchedEntry,
  type TouchedTable,
} from '../query/index.js';
import { profileEntry } from './profile-entry.js';
import { RotatingFile } from './rotating-file.js';

/** What the log looks at of a call. */
export interface ObservedCall {
  readonly id: string;
  readonly origin: { rpc: string; address: string };
  readonly principal: { name: string; issuer: string; subject: string };
  readonly startedAt: number;
  /** By the clock of `performance`, in milliseconds. */
  readonly started: number;
  readonly report: {
    statement?: string;
    rows?: number;
    bytes?: number;
    waitedMs?: number;
    isWaiting?: boolean;
    run?: StatementRun;
  };
}

export interface StatementLogOptions {
  /** Ended statements that are remembered. */
  size: number;
  /** Where they are kept too, a JSON object a line; without it they end with the server. */
  file?: string | undefined;
  onError(error: unknown): void;
}

/** Longer texts are cut, in UTF-16 code units. */
const LONGEST_TEXT = 10_000;
const LARGEST_FILE = 16 * 2 ** 20;

export class StatementLog {
  readonly #size: number;
  readonly #file: RotatingFile | undefined;
  /** Oldest first. */
  #ended: StatementEntry[] = [];

  constructor({ size, file, onError }: StatementLogOptions) {
    this.#size = size;
    if (file === undefined) return;
    this.#ended = [...entriesIn(`${file}.1`), ...entriesIn(file)].slice(-size);
    this.#file = new RotatingFile({ path: file, largest: LARGEST_FILE, kept: 1, onError });
  }

  /** Newest first. */
  get ended(): StatementEntry[] {
    return this.#ended.toReversed();
  }

  add(entry: StatementEntry): void {
    if (this.#size === 0) return;
    this.#ended.push(entry);
    // Not for each: what is shifted is copied.
    if (this.#ended.length > this.#size * 1.1 + 10) this.#ended = this.#ended.slice(-this.#size);
    this.#file?.write(JSON.stringify(entry));
  }

  async close(): Promise<void> {
    await this.#file?.flush();
  }
}

/** A call's statement as it stands; undefined where the call has none. */
export function statementEntry(
  call: ObservedCall,
  end?: { failure: SkuaError | undefined },
): StatementEntry | undefined {
  const { report, principal, origin } = call;
  const { run } = report;
  if (run === undefined && !report.isWaiting) return undefined;
  const now = performance.now();
  const { rows, bytes } = run?.kind === 'query' || run === undefined ? report : {};
  return {
    id: call.id,
    user: principal.name,
    issuer: principal.issuer,
    subject: principal.subject,
    state: stateOf(call, end),
    statement: report.statement,
    sql: shortened(run?.sql),
    rpc: origin.rpc,
    address: origin.address,
    started: call.startedAt,
    ended: end === undefined ? undefined : Date.now(),
    queued: report.waitedMs ?? 0,
    total: now - call.started,
    rows,
    bytes,
    affectedRows: run?.affectedRows ?? (run?.kind === 'ingest' ? report.rows : undefined),
    code: end?.failure?.code,
    message: shortened(end?.failure?.message),
    phases: run === undefined ? [] : phasesOf(call, run, now),
    tables: run?.tables.map(tableEntry) ?? [],
    ...(run?.profiles && profileEntry(run.profiles)),
  };
}

function stateOf(
  { report: { run } }: ObservedCall,
  end: { failure: SkuaError | undefined } | undefined,
): StatementEntry['state'] {
  if (end !== undefined) {
    if (end.failure === undefined) return 'FINISHED';
    return end.failure.code === 'CANCELLED' ? 'CANCELLED' : 'FAILED';
  }
  if (run === undefined) return 'QUEUED';
  return run.kind !== 'query' || run.marks.some(({ phase }) => phase === 'plan') ? 'RUNNING' : 'PLANNING';
}

/** One after the other; `send` is from the first rows to the end, the client's own time included. */
function phasesOf(call: ObservedCall, run: StatementRun, now: number): StatementEntry['phases'] {
  const phases: StatementEntry['phases'] = [];
  let from = run.started;
  const add = (phase: string, at: number) => {
    phases.push({ phase, from: from - call.started, duration: at - from });
    from = at;
  };
  for (const { phase, at } of run.marks) add(phase === 'rows' ? 'first rows' : phase, at);
  add(run.marks.at(-1)?.phase === 'rows' ? 'send' : 'run', now);
  return phases;
}

function tableEntry(touched: TouchedTable): TouchedEntry {
  const { access, snapshotId, columns, restricted, figures } = touched;
  const scan = figures?.();
  return {
    table: displayName({ catalog: touched.catalog, namespace: touched.namespace, name: touched.table }),
    access,
    snapshot: snapshotId?.toString(),
    columns,
    restricted,
    scan: scan && {
      manifestsTotal: scan.plan.manifestsTotal,
      manifestsRead: scan.plan.manifestsRead,
      filesTotal: scan.plan.filesTotal,
      filesPlanned: scan.plan.filesPlanned,
      pruned: scan.plan.prunedBy
        .filter(({ files }) => files > 0)
        .map(({ reason, files }) => `${files} by ${reason}`)
        .join(', '),
      deleteFiles: scan.plan.deleteFiles,
      bytesPlanned: scan.plan.bytesPlanned,
      fetchedBytes: scan.bytesFetched,
      cachedBytes: scan.bytesCached,
      rowGroups: scan.rowGroups,
      rowGroupsSkipped: scan.rowGroupsSkipped,
    },
  };
}

function shortened(text: string | undefined): string | undefined {
  return text !== undefined && text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}

/** A line that a crash cut short is left out. */
function entriesIn(path: string): StatementEntry[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as StatementEntry];
    } catch {
      return [];
    }
  });
}
