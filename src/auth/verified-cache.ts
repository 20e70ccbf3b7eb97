import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Principal } from './principal.js';

interface Entry {
  principal: Principal;
  keyVersion: number;
  until: number;
}

/**
 * Principals of tokens that were verified a moment ago, so that not every call costs a signature check. Keyed by the SHA-256 of the token.
 * An entry dies with the token, with a change of the issuer's keys, or after a short time, whichever comes first.
 */
export class VerifiedCache {
  /** Milliseconds. */
  readonly #lifetime: number;
  readonly #entries: LRUCache<string, Entry>;

  constructor(lifetime: number, capacity: number) {
    this.#lifetime = lifetime;
    this.#entries = new LRUCache({ max: capacity });
  }

  static hash(token: string): string {
    return createHash('sha256').update(token).digest('base64');
  }

  get(hash: string, now: number): { principal: Principal; keyVersion: number } | undefined {
    const entry = this.#entries.get(hash);
    if (entry === undefined) return undefined;
    if (now < entry.until) return entry;
    this.#entries.delete(hash);
    return undefined;
  }

  /** `expiresAt` is when the token ends, leeway included, in milliseconds since the epoch. */
  set(hash: string, principal: Principal, keyVersion: number, now: number, expiresAt: number): void {
    this.#entries.set(hash, { principal, keyVersion, until: Math.min(expiresAt, now + this.#lifetime) });
  }
}
