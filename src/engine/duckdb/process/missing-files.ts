import { SkuaError } from '../../../errors.js';
import type { MissingColumns } from '../contract.js';
import { errorFrom, type WireError } from '../protocol/index.js';

/** What one request misses of its files: asked of the server, which says when it is there. */
export class MissingFiles {
  readonly #signal: AbortSignal;
  readonly #ask: (files: MissingColumns[]) => void;
  #waiting: { resolve: () => void; reject: (error: SkuaError) => void } | undefined;

  constructor(signal: AbortSignal, ask: (files: MissingColumns[]) => void) {
    this.#signal = signal;
    this.#ask = ask;
    signal.addEventListener('abort', () => this.#settle()?.reject(cancelled()), { once: true });
  }

  fetch(files: MissingColumns[]): Promise<void> {
    if (this.#signal.aborted) return Promise.reject(cancelled());
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#ask(files);
    });
  }

  done(failure: WireError | undefined): void {
    const waiting = this.#settle();
    if (failure) waiting?.reject(errorFrom(failure));
    else waiting?.resolve();
  }

  #settle() {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}

function cancelled(): SkuaError {
  return new SkuaError('CANCELLED', 'the query was cancelled');
}
