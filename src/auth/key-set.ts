import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { AuthConfig } from '../config/index.js';
import { messageOf, SkuaError } from '../errors.js';
import { fetchJson } from './fetch-json.js';

export interface KeySetOptions {
  /** Milliseconds since the epoch; for tests. Default: Date.now. */
  now?: () => number;
  /** Told of every fetch that failed, and why. */
  onFetchError?: (issuer: string, reason: string) => void;
  /** Milliseconds for one fetch, that of the discovery document included. Default: 5,000. */
  fetchTimeout?: number;
  /** Milliseconds that a call waits for new keys where old ones could serve. Default: 250. */
  refreshPatience?: number;
}

/** The keys as they were fetched at one moment. */
export interface KeySnapshot {
  /** Chooses the key by `kid`, `alg`, `kty`, `use` and `key_ops`. */
  getKey: JWTVerifyGetKey;
  /** True where some key has this id, whether or not it fits the algorithm. */
  hasKeyId(keyId: string): boolean;
  /** Number of keys. */
  size: number;
  /** Counts the times that the keys changed. */
  version: number;
}

const MAX_BYTES = 1024 * 1024;

/** Shortest time between two fetches after one that failed, in milliseconds. */
const RETRY_AFTER_FAILURE = 2000;

/** The part of their greatest age at which keys that are in use are fetched again, so that nobody has to wait for it. */
const FETCH_AHEAD = 0.8;

/**
 * The public keys of one issuer (RFC 7517). Kept until they are too old, and beyond that for as long as the issuer can't be reached. All
 * callers share one fetch, and one cool-down for the fetches that unknown key ids cause. Keys that are too old are waited for a moment,
 * since an issuer may have withdrawn one; not where the issuer has failed before, or takes longer.
 */
export class KeySet {
  readonly #config: AuthConfig;
  readonly #now: () => number;
  readonly #options: KeySetOptions;
  #snapshot: KeySnapshot | undefined;
  #fingerprint = '';
  #fetchedAt = Number.NEGATIVE_INFINITY;
  /** Of the last fetch, where it failed. */
  #failedAt: number | undefined;
  #soughtAt = Number.NEGATIVE_INFINITY;
  #pending: Promise<void> | undefined;
  /** Of the fetch that is pending, by the clock of `performance`. */
  #begunAt = 0;

  constructor(config: AuthConfig, options: KeySetOptions = {}) {
    this.#config = config;
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** The keys, fetched again when they grow old. UNAVAILABLE where there are none and the issuer can't be reached. */
  async current(): Promise<KeySnapshot> {
    const age = this.#now() - this.#fetchedAt;
    if (this.#snapshot === undefined) await this.#refresh();
    else if (age >= this.#config.jwksMaxAge * FETCH_AHEAD) {
      const isTroubled = this.#failedAt !== undefined;
      const refreshed = this.#refresh();
      if (age >= this.#config.jwksMaxAge && !isTroubled) await this.#atMost(refreshed);
    }
    if (this.#snapshot === undefined) throw this.#unavailable();
    return this.#snapshot;
  }

  /** The keys after a look for one that `seen` does not have. Undefined where there is nothing newer and the cool-down still runs. */
  async newerThan(seen: KeySnapshot): Promise<KeySnapshot | undefined> {
    if (this.#pending === undefined && this.#snapshot !== seen) return this.#snapshot;
    const now = this.#now();
    const cooledDown = now - this.#soughtAt >= this.#config.jwksCooldown;
    if (cooledDown || this.#failedAt !== undefined || this.#pending !== undefined) {
      if (cooledDown) this.#soughtAt = now;
      await this.#refresh();
    }
    if (this.#failedAt !== undefined) throw this.#unavailable();
    return this.#snapshot === seen ? undefined : this.#snapshot;
  }

  /** Fetches unless a fetch has failed just now; callers at the same time share one. */
  async #refresh(): Promise<void> {
    if (this.#pending === undefined) {
      if (this.#failedAt !== undefined && this.#now() - this.#failedAt < RETRY_AFTER_FAILURE) return;
      this.#pending = this.#fetch().finally(() => {
        this.#pending = undefined;
      });
    }
    await this.#pending;
  }

  /** Waits for a fetch, but no longer after its beginning than calls have patience for. */
  async #atMost(refreshed: Promise<void>): Promise<void> {
    const patience = (this.#options.refreshPatience ?? 250) - (performance.now() - this.#begunAt);
    if (patience <= 0) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patience);
    });
    await Promise.race([refreshed, late]);
    clearTimeout(timer);
  }

  async #fetch(): Promise<void> {
    this.#begunAt = performance.now();
    try {
      const document = (await this.#fetchKeys()) as JSONWebKeySet;
      const getKey = createLocalJWKSet(document);
      const fingerprint = JSON.stringify(document.keys);
      if (fingerprint !== this.#fingerprint || this.#snapshot === undefined) {
        const keyIds = new Set(document.keys.map((key) => key.kid));
        const version = (this.#snapshot?.version ?? 0) + 1;
        this.#snapshot = { getKey, hasKeyId: (keyId) => keyIds.has(keyId), size: document.keys.length, version };
        this.#fingerprint = fingerprint;
      }
      this.#fetchedAt = this.#now();
      this.#failedAt = undefined;
    } catch (error) {
      this.#failedAt = this.#now();
      this.#options.onFetchError?.(this.#config.issuer, messageOf(error));
    }
  }

  async #fetchKeys(): Promise<unknown> {
    const limits = {
      allowHttp: this.#config.allowInsecureJwks,
      signal: AbortSignal.timeout(this.#options.fetchTimeout ?? 5000),
      maxBytes: MAX_BYTES,
    };
    return fetchJson(this.#config.jwksUrl ?? (await discover(this.#config.issuer, limits)), limits);
  }

  #unavailable(): SkuaError {
    return new SkuaError(
      'UNAVAILABLE',
      "The token can't be checked now: the issuer's public keys can't be fetched. Try again later.",
    );
  }
}

/** The address of the keys from the issuer's discovery document (OpenID Connect Discovery 1.0, section 4). */
async function discover(issuer: string, limits: Parameters<typeof fetchJson>[1]): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const document = (await fetchJson(url, limits)) as { issuer?: unknown; jwks_uri?: unknown } | null;
  if (document?.issuer !== issuer) throw new Error(`the discovery document at ${url} is of another issuer`);
  if (typeof document.jwks_uri !== 'string' || !URL.canParse(document.jwks_uri)) {
    throw new Error(`the discovery document at ${url} has no jwks_uri`);
  }
  return document.jwks_uri;
}
