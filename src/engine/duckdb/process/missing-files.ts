import { SkuaError } from '../../../errors.js';
import type { MissingColumns } from '../../contract.js';
import { errorFrom, type WireError } from '../protocol/index.js';

/** What one request misses of its files: asked of the server, which says when it is there. */
export class MissingFiles {
  private waiting: { resolve: () => void; reject: (error: SkuaError) => void } | undefined;

  constructor(
    private readonly signal: AbortSignal,
    private readonly ask: (files: MissingColumns[]) => void,
  ) {
    signal.addEventListener('abort', () => this.settle()?.reject(cancelled()), { once: true });
  }

  fetch(files: MissingColumns[]): Promise<void> {
    if (this.signal.aborted) return Promise.reject(cancelled());
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.ask(files);
    });
  }

  done(failure: WireError | undefined): void {
    const waiting = this.settle();
    if (failure) waiting?.reject(errorFrom(failure));
    else waiting?.resolve();
  }

  private settle() {
    const { waiting } = this;
    this.waiting = undefined;
    return waiting;
  }
}

function cancelled(): SkuaError {
  return new SkuaError('CANCELLED', 'the query was cancelled');
}
