/**
 * Writers of one server take turns at a table: those who commit to it at the same time would only make each other's commits void. A turn keeps
 * nothing right, that the catalog does; so one that lasts too long is passed by.
 */

import { LRUCache } from 'lru-cache';
import type { TableMetadata } from '../../iceberg/types.js';

/** How long the others wait for one writer that has not said how long it will take, in milliseconds. */
const LONGEST_STEP = 5_000;
/** For how long another server is reckoned with that was seen at a table, in milliseconds. */
const CONTENTION = 30_000;
/** Tables whose last turn is remembered. */
const MOST_TABLES = 10_000;

interface Waiting {
  owner: string;
  /** It has had a turn that was too short for it. */
  isAhead: boolean;
  begin(): void;
}

/** One writer's turn. */
export interface Turn {
  /** How many turns there were before it without a moment in which nobody waited. */
  readonly inARow: number;
  /** From now on the others wait for so many milliseconds. */
  allow(milliseconds: number): void;
  /**
   * Where the others waited no longer and went by, waits until it is this writer's turn again, which is before that of those who had none yet. False
   * where it still was.
   */
  resume(signal: AbortSignal): Promise<boolean>;
}

interface OneTurn {
  readonly inARow: number;
  /** False once it was passed by, too. */
  readonly isOn: boolean;
  allow(milliseconds: number): void;
  end(): void;
}

export class Turns {
  readonly #lines = new Map<string, Line>();
  /** When a table was last committed to, by `performance.now()`, oldest first. */
  readonly #committed = new LRUCache<string, number>({ max: MOST_TABLES });
  readonly #left = new Map<string, TableMetadata>();
  /** When a writer of another server was last seen at a table, by `performance.now()`, oldest first. */
  readonly #contended = new LRUCache<string, number>({ max: MOST_TABLES });

  /**
   * Does the work while no other writer of these tables does theirs. Of those who wait, it is the turn of the owner who had none for the
   * longest time, after those who were passed by. A wait that the signal ends fails with its reason.
   */
  async take<T>(
    tables: readonly string[],
    owner: string,
    signal: AbortSignal,
    work: (turn: Turn) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    const turns = new TurnsAtTables(this.#lines, new Set(tables), owner);
    try {
      await turns.begin(signal, false);
      return await work(turns);
    } finally {
      for (const empty of turns.end()) this.#left.delete(empty);
    }
  }

  /** Notes that a table has been committed to; `after` is what it then was, for those who wait. */
  committed(table: string, after: TableMetadata | undefined): void {
    if (after) this.#left.set(table, after);
    else this.#left.delete(table);
    this.#committed.set(table, performance.now());
  }

  /** Notes that another server was faster at a table. */
  overtaken(table: string): void {
    this.#contended.set(table, performance.now());
  }

  /** Whether another server has lately written to a table, too. */
  isContended(table: string): boolean {
    return performance.now() - (this.#contended.get(table) ?? Number.NEGATIVE_INFINITY) < CONTENTION;
  }

  /** Whether somebody of this server has committed to a table since that time, by `performance.now()`. */
  hasCommitted(table: string, since: number): boolean {
    return (this.#committed.get(table) ?? Number.NEGATIVE_INFINITY) >= since;
  }

  /** What the writer before left of a table, as far as this server knows. */
  leftBehind(table: string): TableMetadata | undefined {
    return this.#left.get(table);
  }
}

/** One writer's turn at several tables at once. */
class TurnsAtTables implements Turn {
  readonly #lines: Map<string, Line>;
  /** In one order, so that no two wait for each other. */
  readonly #tables: string[];
  readonly #owner: string;
  #turns: OneTurn[] = [];

  constructor(lines: Map<string, Line>, tables: Iterable<string>, owner: string) {
    this.#lines = lines;
    this.#tables = [...tables].sort();
    this.#owner = owner;
  }

  get inARow(): number {
    return Math.max(0, ...this.#turns.map(({ inARow }) => inARow));
  }

  allow(milliseconds: number): void {
    for (const turn of this.#turns) turn.allow(milliseconds);
  }

  async resume(signal: AbortSignal): Promise<boolean> {
    if (this.#turns.every(({ isOn }) => isOn)) return false;
    this.end();
    await this.begin(signal, true);
    return true;
  }

  async begin(signal: AbortSignal, isAhead: boolean): Promise<void> {
    for (const table of this.#tables) {
      const line = this.#lines.get(table) ?? new Line();
      this.#lines.set(table, line);
      this.#turns.push(await line.enter(this.#owner, signal, isAhead));
    }
  }

  /** The tables that nobody waits for any more. */
  end(): string[] {
    for (const turn of this.#turns) turn.end();
    this.#turns = [];
    const empty = this.#tables.filter((table) => this.#lines.get(table)?.isEmpty);
    for (const table of empty) this.#lines.delete(table);
    return empty;
  }
}

/** Those who want to write to one table. */
class Line {
  readonly #waiting: Waiting[] = [];
  /** By owner: the number of the last turn that it had. */
  readonly #served = new Map<string, number>();
  #turn = 0;
  /** The turn that is under way; 0 for none. */
  #current = 0;

  get isEmpty(): boolean {
    return this.#current === 0 && this.#waiting.length === 0;
  }

  enter(owner: string, signal: AbortSignal, isAhead: boolean): Promise<OneTurn> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        owner,
        isAhead,
        begin: () => {
          signal.removeEventListener('abort', giveUp);
          resolve(this.#begin(owner));
        },
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.push(waiting);
      this.#next();
    });
  }

  #begin(owner: string): OneTurn {
    this.#turn += 1;
    const turn = this.#turn;
    this.#current = turn;
    this.#served.delete(owner);
    this.#served.set(owner, turn);
    const pass = () => {
      if (this.#current !== turn) return;
      this.#current = 0;
      this.#next();
    };
    const isOn = () => this.#current === turn;
    let timer = setTimeout(pass, LONGEST_STEP);
    return {
      inARow: turn - 1,
      get isOn() {
        return isOn();
      },
      allow(milliseconds) {
        clearTimeout(timer);
        if (isOn()) timer = setTimeout(pass, milliseconds);
      },
      end() {
        clearTimeout(timer);
        pass();
      },
    };
  }

  #next(): void {
    if (this.#current !== 0 || this.#waiting.length === 0) return;
    const turns = this.#waiting.map(({ owner, isAhead }) => (isAhead ? -1 : (this.#served.get(owner) ?? 0)));
    const [chosen] = this.#waiting.splice(turns.indexOf(Math.min(...turns)), 1);
    chosen?.begin();
  }
}
