/**
 * Sealed bytes: what the server gives a client to bring back later (tickets, prepared statement handles). They are signed, bound to the
 * principal they were made for and to one purpose, and they expire. Clients treat them as opaque.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { SkuaError } from '../errors.js';

export interface Owner {
  issuer: string;
  subject: string;
}

type SealKey = string | Uint8Array;

/** What a sealed value is good for. */
export type Purpose = 'ticket' | 'prepared statement' | 'poll descriptor';

interface Envelope<T> {
  owner: string;
  /** Milliseconds since the epoch. */
  expires: number;
  payload: T;
}

const VERSION = 2;
const SIGNATURE_LENGTH = 32;

export class Sealer {
  /** Newest first. */
  readonly #keys: readonly Buffer[];
  readonly #now: () => number;

  /**
   * Several servers behind one address need the same key; without one, a random key makes seals good until the server ends. What one of the
   * previous keys sealed is opened too.
   */
  constructor(key: SealKey | undefined, now: () => number = Date.now, previous: readonly SealKey[] = []) {
    this.#keys = [key ?? randomBytes(32), ...previous].map((each) =>
      createHmac('sha256', 'skua seal').update(each).digest(),
    );
    this.#now = now;
  }

  /** Integers in the payload may be bigints. `expires` is in milliseconds since the epoch. */
  seal(purpose: Purpose, owner: Owner, payload: object, expires: number): Buffer {
    const [key] = this.#keys as [Buffer];
    const envelope: Envelope<object> = { owner: ownerWith(key, owner), expires, payload };
    const body = Buffer.from(JSON.stringify(envelope, bigintsAsTexts), 'utf8');
    return Buffer.concat([Buffer.of(VERSION), sign(key, purpose, body), body]);
  }

  /** Not made by this server: INVALID_ARGUMENT. Made for another principal: PERMISSION_DENIED. Expired: FAILED_PRECONDITION. */
  open<T>(purpose: Purpose, owner: Owner, sealed: Uint8Array): { payload: T; expires: number } {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    const signature = bytes.subarray(1, 1 + SIGNATURE_LENGTH);
    const body = bytes.subarray(1 + SIGNATURE_LENGTH);
    const isWhole = bytes[0] === VERSION && signature.byteLength === SIGNATURE_LENGTH;
    const key = isWhole
      ? this.#keys.find((candidate) => timingSafeEqual(signature, sign(candidate, purpose, body)))
      : undefined;
    if (key === undefined) {
      throw new SkuaError(
        'INVALID_ARGUMENT',
        `this ${purpose} was not issued by this server, or the server was restarted since; ask for a new one`,
      );
    }
    const envelope = JSON.parse(body.toString('utf8'), bigintsFromTexts) as Envelope<T>;
    if (envelope.owner !== ownerWith(key, owner)) {
      throw new SkuaError('PERMISSION_DENIED', `this ${purpose} was issued to somebody else`);
    }
    if (envelope.expires <= this.#now()) {
      throw new SkuaError('FAILED_PRECONDITION', `this ${purpose} has expired; ask for a new one`);
    }
    return { payload: envelope.payload, expires: envelope.expires };
  }
}

function sign(key: Buffer, purpose: Purpose, body: Uint8Array): Buffer {
  return createHmac('sha256', key).update(`${VERSION} ${purpose}\n`).update(body).digest();
}

function ownerWith(key: Buffer, owner: Owner): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([owner.issuer, owner.subject]))
    .digest('base64url');
}

/** Written by the language's own JSON, for a statement may be long; it lacks 64-bit integers. */
const BIGINT = 'bigint';

function bigintsAsTexts(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? { [BIGINT]: value.toString() } : value;
}

function bigintsFromTexts(_: string, value: unknown): unknown {
  const text = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[BIGINT] : undefined;
  return typeof text === 'string' ? BigInt(text) : value;
}
