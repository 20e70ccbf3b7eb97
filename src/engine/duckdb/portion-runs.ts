/** The runs of a query's portions, one after the other: while one is read, the next is fetched and begun. */
import { type ColumnarBatch, sliceBatch } from '../../arrow/index.js';
import { anySignal } from '../../signal.js';
import type { BoundStatement, RunOptions } from '../contract.js';
import { MOST_TRIES } from './client/instance-host.js';
import { isElsewhereBetter } from './client/process-end.js';
import { ENDED, type RunningQuery, startQuery } from './running-query.js';
import { isWorthRepeating, type Workplace } from './staging/over-staged.js';
import { type Portion, ProfileOfPortions } from './staging/portions.js';

export class PortionRuns {
  readonly #place: Workplace;
  readonly #portions: readonly Portion[];
  readonly #options: RunOptions;
  readonly #stop = new AbortController();
  readonly #profile: ProfileOfPortions;
  /** Rows that are wanted of all portions. Each gives no more than that by itself. */
  readonly #limit: number;
  readonly #progress: ((() => number | undefined) | undefined)[] = [];
  /** How many are over. */
  #over = 0;
  #current: Promise<RunningQuery> | undefined;
  #next: Promise<RunningQuery> | undefined;

  constructor(place: Workplace, portions: readonly [Portion, ...Portion[]], options: RunOptions) {
    this.#place = place;
    this.#portions = portions;
    const signal = portions.length > 1 ? anySignal(options.signal, this.#stop.signal) : options.signal;
    this.#options = { ...options, signal };
    const { rowByRow } = portions[0].statement;
    this.#limit = (portions.length > 1 ? rowByRow?.limit : undefined) ?? Number.POSITIVE_INFINITY;
    this.#profile = new ProfileOfPortions(portions[0].statement.onStaged);
  }

  /** Starts the first. */
  start(): Promise<RunningQuery> {
    this.#current = this.#run(0);
    return this.#current;
  }

  /** While one is read, the next is started. */
  async *batches(): AsyncGenerator<ColumnarBatch> {
    let rows = 0;
    for (const index of this.#portions.keys()) {
      const started = await (this.#current ?? this.start());
      this.#next = index + 1 < this.#portions.length ? this.#run(index + 1) : undefined;
      // How that fails is told when its turn comes.
      this.#next?.catch(() => undefined);
      this.#current = this.#begun(started, index);
      const query = await this.#current;
      for await (const batch of query.batches()) {
        const wanted = this.#limit - rows;
        rows += batch.length;
        yield batch.length > wanted ? sliceBatch(query.schema, batch, 0, wanted) : batch;
        if (rows >= this.#limit) return;
      }
      this.#profile.close(index);
      await query.end();
      this.#over++;
      this.#current = this.#next ?? this.#current;
    }
  }

  async end(): Promise<void> {
    this.#stop.abort(ENDED);
    const runs = [this.#current, this.#next].map((query) => query?.catch(() => undefined));
    await Promise.all(runs.map(async (query) => (await query)?.end()));
  }

  /** A query whose first batch is computed; begun anew where that is worth it. */
  async #begun(first: RunningQuery, index: number): Promise<RunningQuery> {
    const { statement } = this.#portions[index] as Portion;
    for (let query = first, tries = 1; ; tries++) {
      const failure = await failureOf(query);
      if (!failure) return query;
      await query.end();
      const isLast = tries === MOST_TRIES || !isRepeatable(statement) || this.#options.signal.aborted;
      if (isLast || !isWorthAnotherTry(failure.error)) throw failure.error;
      query = await this.#run(index);
    }
  }

  #run(index: number): Promise<RunningQuery> {
    const { statement, ...planned } = this.#portions[index] as Portion;
    const onStaged = this.#profile.of(index);
    const { onProgress } = this.#options;
    return startQuery(
      this.#place,
      { ...planned, statement: { ...statement, onStaged } },
      {
        ...this.#options,
        onProgress:
          onProgress &&
          ((read) => {
            this.#progress[index] = read;
            if (index === 0) onProgress(() => this.#done());
          }),
      },
    );
  }

  /** How much of all portions is done. */
  #done(): number | undefined {
    if (this.#portions.length === 1) return this.#progress[0]?.();
    const over = this.#portions.slice(0, this.#over).reduce((sum, { share }) => sum + share, 0);
    const current = this.#portions[this.#over]?.share ?? 0;
    return Math.min(1, over + current * (this.#progress[this.#over]?.() ?? 0));
  }
}

/** Computes the first batch; gives why that can't be done. */
async function failureOf(query: RunningQuery): Promise<{ error: unknown } | undefined> {
  try {
    await query.begin();
    return undefined;
  } catch (error) {
    return { error };
  }
}

/** Nothing of what failed is in anything that the client has. */
function isWorthAnotherTry(error: unknown): boolean {
  return isWorthRepeating(error) || isElsewhereBetter(error);
}

/** Rows that can be read only once serve one attempt. */
function isRepeatable({ tables }: BoundStatement): boolean {
  return tables.every((table) => table.kind !== 'rows' || Array.isArray(table.batches));
}
