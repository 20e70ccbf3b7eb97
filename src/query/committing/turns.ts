/**
 * Writers of one server take turns at a table: those who commit to it at the same time would only make each other's commits void. A turn keeps
 * nothing right, that the catalog does; so one that lasts too long is passed by.
 */

import type { TableMetadata } from '../../iceberg/types.js';

/** How long the others wait for one writer that has not said how long it will take, in milliseconds. */
const LONGEST_STEP = 5_000;
/** For how long another server is reckoned with that was seen at a table, in milliseconds. */
const CONTENTION = 30_000;
/** Tables whose last turn is remembered. */
const MOST_TABLES = 10_000;

interface Waiting {
  owner: string;
  begin(): void;
}

/** One writer's turn. */
export interface Turn {
  /** How many turns there were before it without a moment in which nobody waited. */
  readonly inARow: number;
  /** From now on the others wait for so many milliseconds. */
  allow(milliseconds: number): void;
}

interface OneTurn extends Turn {
  end(): void;
}

export class Turns {
  readonly #lines = new Map<string, Line>();
  /** When a table was last committed to, by `performance.now()`, oldest first. */
  readonly #committed = new Map<string, number>();
  readonly #left = new Map<string, TableMetadata>();
  /** When a writer of another server was last seen at a table, by `performance.now()`, oldest first. */
  readonly #contended = new Map<string, number>();

  /**
   * Does the work while no other writer of these tables does theirs. Of those who wait, it is the turn of the owner who had none for the
   * longest time. A wait that the signal ends fails with its reason.
   */
  async take<T>(
    tables: readonly string[],
    owner: string,
    signal: AbortSignal,
    work: (turn: Turn) => Promise<T>,
  ): Promise<T> {
    // In one order, so that no two wait for each other.
    const [first, ...others] = [...new Set(tables)].sort();
    if (first === undefined) return work({ inARow: 0, allow: () => undefined });
    const line = this.#line(first);
    const turn = await line.enter(owner, signal);
    try {
      return await this.take(others, owner, signal, (rest) =>
        work({
          inARow: Math.max(turn.inARow, rest.inARow),
          allow(milliseconds) {
            turn.allow(milliseconds);
            rest.allow(milliseconds);
          },
        }),
      );
    } finally {
      turn.end();
      if (line.isEmpty && this.#lines.get(first) === line) {
        this.#lines.delete(first);
        this.#left.delete(first);
      }
    }
  }

  /** Notes that a table has been committed to; `after` is what it then was, for those who wait. */
  committed(table: string, after: TableMetadata | undefined): void {
    if (after) this.#left.set(table, after);
    else this.#left.delete(table);
    note(this.#committed, table);
  }

  /** Notes that another server was faster at a table. */
  overtaken(table: string): void {
    note(this.#contended, table);
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

  #line(table: string): Line {
    const line = this.#lines.get(table) ?? new Line();
    this.#lines.set(table, line);
    return line;
  }
}

function note(times: Map<string, number>, table: string): void {
  times.delete(table);
  times.set(table, performance.now());
  const [oldest] = times.keys();
  if (oldest !== undefined && times.size > MOST_TABLES) times.delete(oldest);
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

  enter(owner: string, signal: AbortSignal): Promise<OneTurn> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        owner,
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
    let timer = setTimeout(pass, LONGEST_STEP);
    return {
      inARow: turn - 1,
      allow(milliseconds) {
        clearTimeout(timer);
        timer = setTimeout(pass, milliseconds);
      },
      end() {
        clearTimeout(timer);
        pass();
      },
    };
  }

  #next(): void {
    if (this.#current !== 0 || this.#waiting.length === 0) return;
    const turns = this.#waiting.map(({ owner }) => this.#served.get(owner) ?? 0);
    const [chosen] = this.#waiting.splice(turns.indexOf(Math.min(...turns)), 1);
    chosen?.begin();
  }
}
