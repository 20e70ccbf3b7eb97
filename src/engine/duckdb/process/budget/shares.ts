import { SkuaError } from '../../../../errors.js';

/** Who takes a share while it has work. */
export interface Shareholder {
  /** The most that it takes, in bytes. */
  readonly most: number;
  /** Sets what it may take. False where it holds more than that already. */
  setLimit(bytes: number): Promise<boolean>;
}

/** With less than this a query would do nothing but fail. */
const least = 32 * 2 ** 20;

/**
 * Divides an amount of memory equally among those that have work at the moment. Each gets all that it may take as long as that is there;
 * when more join, shares shrink, and grow again when some leave.
 */
export class MemoryShares {
  #total: number;
  readonly #limits = new Map<Shareholder, number>();
  #last: Promise<void> = Promise.resolve();

  constructor(total: number) {
    this.#total = total;
  }

  /** Divides another amount from now on. */
  resize(total: number): void {
    this.#total = total;
    void this.#inTurn(() => this.#divide());
  }

  /** Takes a share. Where those that hold more can't give enough of it back: RESOURCE_EXHAUSTED. */
  join(holder: Shareholder): Promise<void> {
    return this.#inTurn(async () => {
      const fair = this.#total / (this.#limits.size + 1);
      for (const [other, limit] of this.#limits) if (limit > fair) await this.#set(other, fair);
      const free = this.#total - [...this.#limits.values()].reduce((sum, limit) => sum + limit, 0);
      const share = Math.min(holder.most, Math.max(fair, least), free);
      if (share < Math.min(least, holder.most)) {
        throw new SkuaError(
          'RESOURCE_EXHAUSTED',
          'the memory of the server is taken by other statements; try again later',
        );
      }
      if (await this.#set(holder, share)) return;
      this.#limits.delete(holder);
      throw new SkuaError('RESOURCE_EXHAUSTED', 'the session holds more memory than the server has left for it');
    });
  }

  leave(holder: Shareholder): Promise<void> {
    return this.#inTurn(async () => {
      this.#limits.delete(holder);
      await this.#divide();
    });
  }

  /** Gives each what is fair, as far as it can. */
  async #divide(): Promise<void> {
    const fair = this.#total / Math.max(this.#limits.size, 1);
    for (const [holder, limit] of this.#limits) {
      const share = Math.min(holder.most, fair);
      if (limit !== share) await this.#set(holder, share);
    }
  }

  async #set(holder: Shareholder, bytes: number): Promise<boolean> {
    const done = await holder.setLimit(bytes);
    if (done) this.#limits.set(holder, bytes);
    return done;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
