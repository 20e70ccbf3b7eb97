/** A token that never prints itself: not in logs, not in errors, not in JSON. */
export class BearerToken {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value of the `authorization` header. The only way to the token itself. */
  header(): string {
    return `Bearer ${this.#value}`;
  }

  toString(): string {
    return '[token]';
  }

  toJSON(): string {
    return '[token]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[token]';
  }
}

/** A caller whose token was checked. */
export interface Principal {
  issuer: string;
  /** Claim `sub`. */
  subject: string;
  /** The configured user name claim, or the subject. */
  name: string;
  roles: readonly string[];
  /** Claim `exp`, in milliseconds since the epoch. */
  expiresAt: number;
  token: BearerToken;
}
