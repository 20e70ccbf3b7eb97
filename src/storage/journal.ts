/**
 * A journal on local disk of what statements have written and not committed yet, and of commits whose outcome is not known. It outlives a server
 * that is killed, so that another one, or the same one after its start, can remove what no snapshot names. It holds locations and ids, no tokens,
 * no credentials and no data.
 */
import { randomUUID } from 'node:crypto';
import { appendFileSync, closeSync, existsSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { SkuaError } from '../errors.js';
import { parseJson, writeJson } from '../json.js';
import { ExecutionNotes } from './executions.js';

/** Whose files an entry is about. */
export interface JournaledTable {
  catalog: string;
  namespace: readonly string[];
  name: string;
}

/** What is known of a change that nobody works on any more. */
export interface JournalRecord {
  table: JournaledTable;
  /** Files that it wrote and that were not removed. */
  locations: string[];
  /** The commits that were sent for it, as they were given to `sending`; without any, no snapshot can name its files. */
  sent: unknown[];
}

/** One change that is under way. */
export interface JournalEntry {
  /** Before the file is written. */
  adding(location: string): void;
  removed(locations: readonly string[]): void;
  /** Before a commit is sent. ABORTED where another server took this one for dead, and may have removed the files. */
  sending(commit: unknown): void;
  /** What was sent has come to an end by which no snapshot names the files any more. */
  unnamed(): void;
  /** Nothing is left to be done. */
  close(): void;
  /** Something is left, for whoever next can do it. */
  leave(): void;
}

/** An entry that nobody works on, until it is given back. */
export interface Leftover extends JournalRecord {
  /** Nothing is left of it. */
  done(): Promise<void>;
  /** Others may try. */
  giveBack(): Promise<void>;
}

/** How often a server says that it is alive, and for how long another machine believes it, in milliseconds. */
const HEARTBEAT = 5_000;
const BELIEVED = 600_000;
const RESCAN = 15_000;
/** How often changes are forgotten, in milliseconds, and when unless the options say so. */
const FORGETTING = 300_000;
const REMEMBERED = 3_600_000;

export interface JournalOptions {
  /** What a catalog's name stands for, which is the same for every server that is configured with that catalog. */
  places: ReadonlyMap<string, string>;
  /** For how long it is known what became of a change that has an id, in milliseconds. Default: an hour. */
  remembered?: number;
}

const ENTRY = /^([0-9a-f-]{36})\.(\d+)\.entry$/;

/** Of this process. In a container a server that was killed often had the very process id that this one has. */
const ownRuns = new Set<string>();

export class Journal {
  readonly #options: JournalOptions;
  readonly #run = randomUUID();
  /** What became of changes that have an id. */
  readonly executions: ExecutionNotes;
  readonly #folder: string;
  readonly #timers: NodeJS.Timeout[] = [];
  /** Names of files of entries that nobody works on, by table. */
  readonly #left = new Map<string, Set<string>>();
  /** Of this server's own that are under way. */
  readonly #own = new Set<string>();
  #entries = 0;

  private constructor(folder: string, options: JournalOptions) {
    this.#options = options;
    this.#folder = folder;
    this.executions = new ExecutionNotes(folder, this.#run, (run) => this.#isDead(run));
  }

  /** The folder may be shared with other servers, also with those of other catalogs. */
  static async open(folder: string, options: JournalOptions): Promise<Journal> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const journal = new Journal(folder, options);
    ownRuns.add(journal.#run);
    await writeFile(journal.#alive(journal.#run), writeJson({ host: hostname(), pid: process.pid }), { mode: 0o600 });
    await journal.rescan();
    journal.#every(HEARTBEAT, () => utimes(journal.#alive(journal.#run), new Date(), new Date()));
    journal.#every(RESCAN, () => journal.rescan());
    journal.#every(FORGETTING, () => journal.executions.forget(options.remembered ?? REMEMBERED));
    return journal;
  }

  entry(table: JournaledTable): JournalEntry {
    const name = `${this.#run}.${this.#entries++}.entry`;
    const path = join(this.#folder, name);
    let file: number | undefined;
    const append = (line: object) => {
      if (file === undefined) {
        file = openSync(path, 'ax', 0o600);
        this.#own.add(name);
        const { namespace, name: own } = table;
        const place = this.#options.places.get(table.catalog) ?? table.catalog;
        appendFileSync(file, `${writeJson({ table: { catalog: place, namespace, name: own } })}\n`);
      }
      appendFileSync(file, `${writeJson(line)}\n`);
    };
    const end = () => {
      if (file !== undefined) closeSync(file);
      file = undefined;
      this.#own.delete(name);
    };
    return {
      adding: (location) => append({ add: location }),
      removed: (locations) => {
        if (file !== undefined && locations.length > 0) append({ remove: locations });
      },
      sending: (commit) => {
        if (file === undefined) return;
        append({ sent: commit });
        if (existsSync(path)) return;
        throw new SkuaError('ABORTED', 'Another server took this one for dead and cleans up after it; run it again');
      },
      unnamed: () => append({ unnamed: true }),
      close: () => {
        if (file === undefined) return;
        end();
        rmSync(path, { force: true });
      },
      leave: () => {
        if (file === undefined) return;
        end();
        this.#note(table, name);
      },
    };
  }

  hasLeft(table: JournaledTable): boolean {
    return this.#left.size > 0 && this.#left.has(keyOf(table));
  }

  /** Takes the entries of one table, or of all, that nobody works on; another server doesn't get them meanwhile. */
  async take(table?: JournaledTable): Promise<Leftover[]> {
    const names = table
      ? [...(this.#left.get(keyOf(table)) ?? [])]
      : [...this.#left.values()].flatMap((set) => [...set]);
    const taken = await Promise.all(names.map((name) => this.#claim(name)));
    return taken.filter((leftover) => leftover !== undefined);
  }

  /** Looks for entries of servers that are no more. */
  async rescan(): Promise<void> {
    const names = await readdir(this.#folder);
    const isDead = new Map<string, boolean>();
    for (const name of names) {
      const run = ENTRY.exec(name)?.[1];
      if (run === undefined || this.#own.has(name)) continue;
      if (!isDead.has(run)) isDead.set(run, run === this.#run || (await this.#isDead(run)));
      const record = isDead.get(run) ? await this.#read(join(this.#folder, name)) : undefined;
      if (record) this.#note(record.table, name);
    }
    await this.#forgetRuns(names);
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    // What is still open by then is for others.
    ownRuns.delete(this.#run);
    await rm(this.#alive(this.#run), { force: true });
  }

  async #claim(name: string): Promise<Leftover | undefined> {
    const path = join(this.#folder, name);
    const claimed = `${path}.${this.#run}`;
    try {
      await rename(path, claimed);
    } catch {
      this.#forget(name);
      return undefined;
    }
    const record = await this.#read(claimed);
    if (!record) {
      await rename(claimed, path);
      return undefined;
    }
    return {
      ...record,
      done: async () => {
        this.#forget(name);
        await rm(claimed, { force: true });
      },
      giveBack: async () => {
        await rename(claimed, path);
        this.#note(record.table, name);
      },
    };
  }

  /** Undefined for an entry that is not readable yet, or of a catalog that this server does not know. */
  async #read(path: string): Promise<JournalRecord | undefined> {
    const record = await readRecord(path);
    const [catalog] = [...this.#options.places].find(([, place]) => place === record?.table.catalog) ?? [];
    return record && catalog !== undefined ? { ...record, table: { ...record.table, catalog } } : undefined;
  }

  #note(table: JournaledTable, name: string): void {
    const key = keyOf(table);
    const names = this.#left.get(key) ?? new Set();
    this.#left.set(key, names.add(name));
  }

  #forget(name: string): void {
    for (const [key, names] of this.#left) {
      names.delete(name);
      if (names.size === 0) this.#left.delete(key);
    }
  }

  /** One that has no sign of life: its process is gone, or it is on another machine and has been silent for long. */
  async #isDead(run: string): Promise<boolean> {
    if (ownRuns.has(run)) return false;
    const path = this.#alive(run);
    try {
      const { host, pid } = JSON.parse(await readFile(path, 'utf8')) as { host: string; pid: number };
      if (host === hostname()) return pid === process.pid || !isRunning(pid);
      return Date.now() - (await stat(path)).mtimeMs > BELIEVED;
    } catch {
      return true;
    }
  }

  /** Signs of life of servers that are no more and have left nothing; and entries that were claimed by such a server are anybody's again. */
  async #forgetRuns(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const [, entry, claimer] = /^(.+\.entry)\.([0-9a-f-]{36})$/.exec(name) ?? [];
      if (entry !== undefined && claimer !== undefined && claimer !== this.#run && (await this.#isDead(claimer))) {
        await rename(join(this.#folder, name), join(this.#folder, entry)).catch(() => undefined);
      }
      const run = /^([0-9a-f-]{36})\.alive$/.exec(name)?.[1];
      if (run === undefined || run === this.#run || names.some((other) => other.includes(run) && other !== name))
        continue;
      if (await this.#isDead(run)) await rm(join(this.#folder, name), { force: true });
    }
  }

  #alive(run: string): string {
    return join(this.#folder, `${run}.alive`);
  }

  #every(milliseconds: number, work: () => Promise<unknown>): void {
    const timer = setInterval(() => void work().catch(() => undefined), milliseconds);
    timer.unref();
    this.#timers.push(timer);
  }
}

function keyOf({ catalog, namespace, name }: JournaledTable): string {
  return JSON.stringify([catalog, namespace, name]);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

interface JournalLine {
  table?: JournaledTable;
  add?: string;
  remove?: string[];
  sent?: unknown;
  unnamed?: boolean;
}

/** Undefined for a file that ends before it says whose it is. A last line that was cut is of a file that was not begun. */
async function readRecord(path: string): Promise<JournalRecord | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
  const lines = text.split('\n').slice(0, -1);
  const locations = new Set<string>();
  const sent: unknown[] = [];
  let table: JournaledTable | undefined;
  for (const line of lines) {
    const entry = parseJson(line) as JournalLine;
    if (entry.table) table = entry.table;
    if (entry.add !== undefined) locations.add(entry.add);
    for (const location of entry.remove ?? []) locations.delete(location);
    if (entry.sent !== undefined) sent.push(entry.sent);
    if (entry.unnamed) sent.length = 0;
  }
  return table && { table, locations: [...locations], sent };
}
