/** How often, and after which waits, a commit is made again, by the table properties `commit.retry.*` and `commit.status-check.*`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommitRefused, Sending } from '../../catalog/index.js';

type Properties = Readonly<Record<string, string>>;

/**
 * Iceberg's libraries make a commit four times again. A race that was lost to another commit is progress all the same, and what follows it
 * costs little, so that a table which says nothing else gets more of them, at shorter intervals.
 */
const RETRIES = { repeated: 4, overtaken: 100 };
const FIRST_WAIT = 100;
const LONGEST_WAIT = 2_000;
const LONGEST_IN_ALL = 1_800_000;
/** A catalog that wants to be left alone for longer than this, in milliseconds, is not waited for. */
const LONGEST_ASKED = 60_000;

const LOOKS = 3;
const FIRST_LOOK_WAIT = 1_000;
const LONGEST_LOOK_WAIT = 60_000;

/** The attempts of one commit. */
export class Pace {
  readonly #properties: Properties;
  readonly #began = performance.now();
  #attempts = 0;
  #isAtOnce = false;
  #doubts = 0;

  constructor(properties: Properties) {
    this.#properties = properties;
  }

  /** How often the commit was sent. */
  get attempts(): number {
    return this.#attempts + this.#doubts;
  }

  /** Whether the table's properties say that a commit is not to be made again. */
  get triesOnce(): boolean {
    return this.#number('commit.retry.num-retries') === 0;
  }

  /** Whether the next attempt follows at once, so that what was read after the last one is still fresh. */
  get isAtOnce(): boolean {
    return this.#isAtOnce;
  }

  /** How long the catalog's tables are looked at after an answer. */
  get look(): Pick<Sending, 'waits'> {
    const { longest, first, most } = this.#looks();
    return { waits: waits(most, first, longest) };
  }

  /** Waits for the next attempt after a refusal; false where there is none. A signal that ends the wait: its reason. */
  async again(refusal: CommitRefused, signal: AbortSignal): Promise<boolean> {
    const retries = this.#number('commit.retry.num-retries') ?? RETRIES[refusal.isOvertaken ? 'overtaken' : 'repeated'];
    const first = this.#number('commit.retry.min-wait-ms') ?? FIRST_WAIT;
    const longest = this.#number('commit.retry.max-wait-ms') ?? Math.max(LONGEST_WAIT, first);
    const asked = refusal.retryAfter ?? 0;
    if (asked > LONGEST_ASKED) return false;
    // Who keeps losing doesn't lose for being late: most attempts follow at once, on the state that was just read.
    const isTimed = this.#number('commit.retry.min-wait-ms') !== undefined;
    this.#isAtOnce = refusal.isOvertaken && !isTimed && this.#attempts % 4 !== 3;
    const wait = this.#isAtOnce ? 0 : Math.random() * Math.min(first * 2 ** this.#attempts, longest);
    this.#attempts += 1;
    return this.#attempts <= retries && this.#wait(asked + wait, signal);
  }

  /** The same after an answer that left open what became of the commit. */
  async inDoubt(signal: AbortSignal): Promise<boolean> {
    const { longest, first, most } = this.#looks();
    const wait = Math.random() * Math.min(first * 2 ** this.#doubts, longest);
    this.#doubts += 1;
    return this.#doubts <= most && this.#wait(wait, signal);
  }

  async #wait(wait: number, signal: AbortSignal): Promise<boolean> {
    const inAll = this.#number('commit.retry.total-timeout-ms') ?? LONGEST_IN_ALL;
    if (performance.now() - this.#began + wait > inAll) return false;
    await sleep(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
    return true;
  }

  #looks() {
    return {
      most: this.#number('commit.status-check.num-retries') ?? LOOKS,
      first: this.#number('commit.status-check.min-wait-ms') ?? FIRST_LOOK_WAIT,
      longest: this.#number('commit.status-check.max-wait-ms') ?? LONGEST_LOOK_WAIT,
    };
  }

  #number(property: string): number | undefined {
    const text = this.#properties[property];
    const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
    return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  }
}

function waits(count: number, first: number, longest: number): number[] {
  return Array.from({ length: count }, (_, index) => Math.min(first * 2 ** index, longest));
}
