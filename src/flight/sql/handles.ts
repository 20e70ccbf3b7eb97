/**
 * Handles of prepared statements. A handle is sealed and holds all that the statement needs, so it works with a bearer token alone, and on
 * another server with the same key; here is only remembered what was closed, when each was last used, and what was bound last, for
 * clients that pass over the updated handle of a bind.
 */
import { randomUUID } from 'node:crypto';
import { SkuaError } from '../../errors.js';
import type { Owner, Sealer } from '../seal.js';
import type { BindingReference } from './bindings.js';

export interface PreparedStatement {
  id: string;
  sql: string;
  transaction?: string;
  /** Milliseconds since the epoch. */
  created: number;
  binding?: BindingReference;
  /** Of what this server planned; see `StatementRequest.plan`. */
  plan?: string | undefined;
}

interface Known {
  lastUsed: number;
  closed: boolean;
  binding?: BindingReference | undefined;
}

/** However often a handle is used, it ends after this time, in milliseconds. */
const LONGEST_LIFE = 7 * 24 * 3_600_000;

export class Handles {
  readonly #sealer: Sealer;
  /** In milliseconds. */
  readonly #idleTimeout: number;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  #nextSweep = 0;

  constructor(sealer: Sealer, idleTimeout: number, now: () => number = Date.now) {
    this.#sealer = sealer;
    this.#idleTimeout = idleTimeout;
    this.#now = now;
  }

  create(owner: Owner, statement: Pick<PreparedStatement, 'sql' | 'transaction' | 'plan'>): Uint8Array {
    return this.#seal(owner, { ...statement, id: randomUUID(), created: this.#now() });
  }

  /** Closed or unused for too long: FAILED_PRECONDITION. */
  open(owner: Owner, handle: Uint8Array): PreparedStatement {
    const { payload } = this.#sealer.open<PreparedStatement>('prepared statement', owner, handle);
    this.#sweep();
    const known = this.#known.get(payload.id);
    if (known?.closed) throw new SkuaError('FAILED_PRECONDITION', 'the prepared statement was closed');
    const now = this.#now();
    if (now - (known?.lastUsed ?? payload.created) >= this.#idleTimeout) {
      throw new SkuaError('FAILED_PRECONDITION', 'the prepared statement was unused for too long; prepare it again');
    }
    const binding = payload.binding ?? known?.binding;
    this.#known.set(payload.id, { closed: false, lastUsed: now, binding: known?.binding });
    return binding === undefined ? payload : { ...payload, binding };
  }

  /** The updated handle, which holds the binding. */
  bind(owner: Owner, statement: PreparedStatement, binding: BindingReference | undefined): Uint8Array {
    this.#known.set(statement.id, { closed: false, lastUsed: this.#now(), binding });
    const { binding: _, ...unbound } = statement;
    return this.#seal(owner, binding === undefined ? unbound : { ...unbound, binding });
  }

  close(statement: PreparedStatement): void {
    this.#known.set(statement.id, { closed: true, lastUsed: this.#now() });
  }

  #seal(owner: Owner, statement: PreparedStatement): Uint8Array {
    return this.#sealer.seal('prepared statement', owner, statement, statement.created + LONGEST_LIFE);
  }

  #sweep(): void {
    const now = this.#now();
    if (now < this.#nextSweep) return;
    this.#nextSweep = now + Math.min(this.#idleTimeout, 60_000);
    for (const [id, { lastUsed, closed }] of this.#known) {
      // What was closed stays known until its handle would be too old anyway.
      if (now - lastUsed >= (closed ? 2 : 1) * this.#idleTimeout) this.#known.delete(id);
    }
  }
}
