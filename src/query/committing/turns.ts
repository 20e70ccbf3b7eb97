/**
 * Writers of one server take turns at a table: those who commit to it at the same time would only make each other's commits void. A turn keeps
 * nothing right, that the catalog does; so one that lasts too long is passed by.
 */

import type { TableMetadata } from '../../iceberg/types.js';

/** How long the others wait for one writer that has not said how long it will take, in milliseconds. */
const LONGEST_STEP = 5_000;
/** Tables whose last turn is remembered. */
const MOST_TABLES = 10_000;

interface Waiting {
  owner: string;
  begin(): void;
}

/** One writer's turn. */
export interface Turn {
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
    if (first === undefined) return work({ allow: () => undefined });
    const line = this.#line(first);
    const turn = await line.enter(owner, signal);
    try {
      return await this.take(others, owner, signal, (rest) =>
        work({
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
    this.#committed.delete(table);
    this.#committed.set(table, performance.now());
    const [oldest] = this.#committed.keys();
    if (oldest !== undefined && this.#committed.size > MOST_TABLES) this.#committed.delete(oldest);
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
