import { randomBytes } from 'node:crypto';

/** In bytes; the specification asks for 16. */
const SALT_BYTES = 32;

/** The salt of `sha-256-query-local`: the same for all tables and columns of one statement, and never known outside of it. */
export class StatementSalt {
  #hex: string | undefined;

  /** In hexadecimal digits. */
  readonly hex = (): string => {
    this.#hex ??= randomBytes(SALT_BYTES).toString('hex');
    return this.#hex;
  };
}
