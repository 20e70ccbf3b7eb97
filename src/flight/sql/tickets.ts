/** Tickets of statements: sealed, good for one principal and a limited time, and holding all that DoGet needs. */
import { createHash, randomUUID } from 'node:crypto';
import type { Schema } from 'apache-arrow';
import { encodeSchema } from '../../arrow/index.js';
import type { NamePin, SnapshotPin, StatementDescription, StatementRequest } from '../../query/contract.js';
import type { Owner, Sealer } from '../seal.js';
import type { BindingReference } from './bindings.js';

export interface StatementTicket {
  /** Of the execution: what cancels it, and what makes a change happen once. */
  id: string;
  sql: string;
  kind: StatementDescription['kind'];
  /** `SELECT`, `INSERT`, … */
  statement: string;
  transaction?: string;
  /** Where the plan looked names up, and its time zone where that is not UTC, for the ticket may be fetched in another session, or after a USE. */
  names?: { catalog?: string | undefined; schema?: string[] | undefined; timeZone?: string | undefined };
  /** The snapshots that the plan saw. */
  pins: SnapshotPin[];
  /** The views and variables that it read. */
  namePins?: NamePin[] | undefined;
  binding?: BindingReference;
  /** Of what this server planned; see `StatementRequest.plan`. */
  plan?: string | undefined;
  /** The part of the query that it fetches; see `StatementRequest.share`. */
  share?: StatementRequest['share'];
  /** `schemaDigest` of the columns that the plan announced. */
  schema?: string;
}

/** What tells one schema from another: types, names and metadata. */
export function schemaDigest(schema: Schema): string {
  return createHash('sha256').update(encodeSchema(schema)).digest('base64url').slice(0, 22);
}

export interface SealedTicket {
  ticket: StatementTicket;
  sealed: Uint8Array;
  /** Milliseconds since the epoch. */
  expires: number;
}

/** JSON gives small integers back as numbers. */
type Sealed = Omit<StatementTicket, 'pins'> & {
  pins: (Omit<SnapshotPin, 'snapshotId'> & { snapshotId?: bigint | number })[];
};

export class Tickets {
  readonly #sealer: Sealer;
  /** In milliseconds. */
  readonly #lifetime: number;
  readonly #now: () => number;

  constructor(sealer: Sealer, lifetime: number, now: () => number = Date.now) {
    this.#sealer = sealer;
    this.#lifetime = lifetime;
    this.#now = now;
  }

  issue(owner: Owner, statement: Omit<StatementTicket, 'id'>): SealedTicket {
    return this.seal(owner, { ...statement, id: randomUUID() });
  }

  /** What a client polls the ticket's statement with, good for the full lifetime; `server` is the address of the one that runs it. */
  issuePoll(owner: Owner, { id }: StatementTicket, server: string | undefined): Uint8Array {
    return this.#sealer.seal('poll descriptor', owner, { id, server }, this.#now() + this.#lifetime);
  }

  /** The statement that is polled, and where it runs, if that is not the only server. */
  openPoll(owner: Owner, sealed: Uint8Array): { id: string; server?: string } {
    return this.#sealer.open<{ id: string; server?: string }>('poll descriptor', owner, sealed).payload;
  }

  open(owner: Owner, sealed: Uint8Array): { ticket: StatementTicket; expires: number } {
    const { payload, expires } = this.#sealer.open<Sealed>('ticket', owner, sealed);
    const pins = payload.pins.map(
      ({ snapshotId, ...pin }): SnapshotPin =>
        snapshotId === undefined ? pin : { ...pin, snapshotId: BigInt(snapshotId) },
    );
    return { ticket: { ...payload, pins }, expires };
  }

  /** The same ticket with its full lifetime again. */
  renew(owner: Owner, sealed: Uint8Array): SealedTicket {
    return this.seal(owner, this.open(owner, sealed).ticket);
  }

  /** The ticket with its full lifetime. */
  seal(owner: Owner, ticket: StatementTicket): SealedTicket {
    const expires = this.#now() + this.#lifetime;
    return { ticket, sealed: this.#sealer.seal('ticket', owner, ticket, expires), expires };
  }
}
