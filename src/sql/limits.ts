/** How long a text may be, and how deep its brackets may be nested. */
import { SkuaError } from '../errors.js';
import { syntaxError } from './places.js';

/** The engine's own limit for expressions inside one another. */
export const mostNested = 1000;

export function refuseNesting(text: string, offset: number): SkuaError {
  return syntaxError(text, offset, `Brackets are nested more than ${mostNested} deep`);
}

/** What is left of the bytes that a statement may have, those of the views that it reads included. */
export class TextBudget {
  /** Bytes of UTF-8. */
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes the bytes of a text. More than are left: INVALID_ARGUMENT. */
  take(text: string, what = 'The statement'): void {
    // A text has at least as many bytes as UTF-16 code units, and no more than three times as many.
    const left = this.#limit - this.#used;
    const bytes = text.length > left ? text.length : Buffer.byteLength(text);
    this.#used += bytes;
    if (bytes <= left) return;
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `${what} is longer than the ${this.#limit} bytes that this server allows (limits.statement_size)`,
    );
  }
}
