/**
 * What became of changes that have an id, such as those of tickets, in a folder that servers share: one file for each, made by the server that
 * carries it out. None is carried out twice while the file is there.
 */
import { mkdirSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseJson, writeJson } from '../json.js';

/** A change that the caller is to carry out. */
export interface Claim {
  /** Another server was at it and ended before it said what became of it. */
  isResumed: boolean;
  /** `outcome` as JSON has it. */
  done(outcome: object): Promise<void>;
  /** It has not taken effect: whoever comes next may carry it out. */
  release(): Promise<void>;
}

export type Redeemed = { claim: Claim } | { outcome: unknown };

interface Note {
  run: string;
  outcome?: unknown;
}

const FIRST_WAIT = 20;
const LONGEST_WAIT = 500;

export class ExecutionNotes {
  readonly #run: string;
  readonly #isDead: (run: string) => Promise<boolean>;
  readonly #folder: string;

  constructor(folder: string, run: string, isDead: (run: string) => Promise<boolean>) {
    this.#run = run;
    this.#isDead = isDead;

    this.#folder = join(folder, 'executions');
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** The change to carry out, or what became of it; waits while another server is at it. */
  async redeem(id: string, signal?: AbortSignal): Promise<Redeemed> {
    const path = join(this.#folder, encodeURIComponent(id));
    const own = writeJson({ run: this.#run } satisfies Note);
    for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      if (await created(path, own)) return { claim: this.#claim(path, false) };
      const note = await noteIn(path);
      if (note?.outcome !== undefined) return { outcome: note.outcome };
      if (note && (await this.#isDead(note.run)) && (await this.#succeed(path, note.run, own))) {
        return { claim: this.#claim(path, true) };
      }
      await sleep(wait, undefined, { signal });
    }
  }

  /** Forgets what is older than so many milliseconds. */
  async forget(age: number): Promise<void> {
    const latest = Date.now() - age;
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
      if (mtimeMs < latest) await rm(path, { force: true });
    }
  }

  /** Of those who see the end of a server one takes its place. */
  async #succeed(path: string, run: string, own: string): Promise<boolean> {
    const heir = `${path}.after.${run}`;
    if (!(await created(heir, own))) return false;
    const isVacant = (await noteIn(path))?.run === run;
    if (isVacant) await replaced(path, `${path}.${this.#run}`, own);
    await rm(heir, { force: true });
    return isVacant;
  }

  #claim(path: string, isResumed: boolean): Claim {
    return {
      isResumed,
      done: async (outcome) => {
        await replaced(path, `${path}.${this.#run}`, writeJson({ run: this.#run, outcome } satisfies Note));
      },
      release: () => rm(path, { force: true }),
    };
  }
}

/** Readers see the old text or the new one, whole. */
async function replaced(path: string, beside: string, text: string): Promise<void> {
  await writeFile(beside, text, { mode: 0o600 });
  await rename(beside, path);
}

async function created(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined for one that is gone, or not written yet. */
async function noteIn(path: string): Promise<Note | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text === '' ? undefined : (parseJson(text) as Note);
}
