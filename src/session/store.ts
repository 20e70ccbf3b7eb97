/** Sessions by principal and cookie. */
import { LRUCache } from 'lru-cache';
import { SkuaError } from '../errors.js';
import type { Names } from './carried.js';
import { type Owner, type SentSession, SessionIds } from './cookie.js';
import { LiveSession } from './live-session.js';
import type { Session } from './session.js';

const MOST_KEPT_NAMES = 1000;

export interface SessionLimits {
  /** An unused session ends after this time, in milliseconds. */
  idleTimeout: number;
  /** Sessions of one principal; the longest idle one makes room for a new one. */
  perPrincipal: number;
  /** Sessions of all principals together. */
  total: number;
}

export interface SessionStoreOptions extends SessionLimits {
  /** Catalog and schema that a new session begins with. */
  catalog?: string | undefined;
  schema?: readonly string[] | undefined;
  /** Signs session ids; several servers behind one address need the same. Default: random. */
  key?: Uint8Array | undefined;
  /** Keys that signed session ids before; what they signed is still taken. */
  previousKeys?: readonly Uint8Array[];
  /** Milliseconds since the epoch. Default: `Date.now`. */
  now?: () => number;
  /** Told of a resource that could not be disposed of. */
  onDisposeError?: (error: unknown) => void;
}

/** One call's hold on its session; a session is not ended under a call. */
export interface SessionLease {
  readonly session: Session;
  /** The session id that the client shall keep, where it sent none that was good. */
  readonly newId: string | undefined;
  /**
   * What the client shall send from now on, where that is not what it sent: the id of its session with the names that it chose, so that another
   * server knows them. `keepsState`: the call left state in the session.
   */
  toSend(keepsState: boolean): string | undefined;
  /** What the client left in the session at another server, or before a restart, and that is not here; told once. */
  takeMissing(): readonly string[];
  /**
   * Says that this call left state in the session. A client whose first call did so, before it had its id, finds that very session when it
   * comes back with the id; or a new one with its names, where another client has left state there since.
   */
  keep(): void;
  /** Ends the session once its calls are over. False for the session that all calls without a cookie share. */
  end(): boolean;
  /** Another hold on the same session. */
  share(): SessionLease;
  release(): void;
}

/** What a session is at this moment, but for what would let somebody in. */
export interface SessionState {
  owner: Owner;
  catalog: string | undefined;
  schema: readonly string[] | undefined;
  /** The session of calls without a cookie. */
  isDefault: boolean;
  /** Calls that use it. */
  users: number;
  /** Milliseconds since the epoch; `expiresAt` is when the newest token that was seen with it expires. */
  lastUsed: number;
  expiresAt: number;
}

export interface SessionStore {
  /**
   * The session of a call: by what its cookie says if that is the owner's own, else the default session of the principal. Where all
   * sessions are in use: RESOURCE_EXHAUSTED.
   */
  acquire(owner: Owner & { expiresAt: number }, sent: string | undefined): SessionLease;
  /** Ends what is idle or outlived its token. Called by the store's own timer. */
  sweep(): Promise<void>;
  /** Sessions that live at this moment. */
  readonly size: number;
  list(): SessionState[];
  /** From now on. What is beyond a new limit goes as it becomes idle. */
  limit(limits: SessionLimits): void;
  /** Ends all sessions and disposes of their resources. */
  close(): Promise<void>;
}

export function createSessionStore(options: SessionStoreOptions): SessionStore {
  return new Store(options);
}

class Store implements SessionStore {
  #options: SessionStoreOptions;
  readonly #ids: SessionIds;
  readonly #now: () => number;
  /** By owner, then by id. */
  readonly #sessions = new Map<string, Map<string, LiveSession>>();
  /** The names that first calls left in a default session, by the session id that was given to the client of each, which never comes back without cookies. */
  readonly #keptNames = new LRUCache<string, Names>({ max: MOST_KEPT_NAMES });
  readonly #disposals = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #size = 0;

  constructor(options: SessionStoreOptions) {
    this.#options = options;
    this.#ids = new SessionIds(options.key, options.previousKeys);
    this.#now = options.now ?? Date.now;
    this.#timer = setInterval(() => void this.sweep(), Math.min(60_000, Math.max(1000, options.idleTimeout / 4)));
    this.#timer.unref();
  }

  limit(limits: SessionLimits): void {
    this.#options = { ...this.#options, ...limits };
  }

  list(): SessionState[] {
    return this.#all().map(({ owner, catalog, schema, isDefault, users, lastUsed, expiresAt }) => ({
      owner,
      catalog,
      schema,
      isDefault,
      users,
      lastUsed,
      expiresAt,
    }));
  }

  get size(): number {
    return this.#size;
  }

  acquire(principal: Owner & { expiresAt: number }, sent: string | undefined): SessionLease {
    const owner = { issuer: principal.issuer, subject: principal.subject };
    const own = sent === undefined ? undefined : this.#ids.read(owner, sent);
    const session = this.#find(owner, own);
    session.expiresAt = Math.max(session.expiresAt, principal.expiresAt);
    if (own?.carried !== undefined) this.#settle(session.follow(own.carried));
    return this.#lease(session, own === undefined ? this.#ids.create(owner) : undefined, own?.carried);
  }

  #lease(session: LiveSession, newId: string | undefined, sent: string | undefined): SessionLease {
    session.users++;
    session.lastUsed = this.#now();
    let released = false;
    return {
      session,
      newId,
      toSend: (keepsState) => {
        const { owner } = session;
        if (newId !== undefined) return keepsState ? this.#ids.write(owner, newId, session.firstCarried()) : newId;
        const carried = session.carry();
        return carried === undefined || carried === sent ? undefined : this.#ids.write(owner, session.id, carried);
      },
      takeMissing: () => session.takeMissing(),
      share: () => this.#lease(session, newId, sent),
      keep: () => {
        if (session.isDefault && newId !== undefined) this.#keepFor(newId, session);
      },
      end: () => {
        if (session.isDefault) return false;
        this.#remove(session);
        return true;
      },
      release: () => {
        if (released) return;
        released = true;
        session.users--;
        session.lastUsed = this.#now();
        if (session.ended && session.users === 0) this.#dispose(session);
      },
    };
  }

  async sweep(): Promise<void> {
    const now = this.#now();
    for (const session of this.#all()) {
      const idle = now - session.lastUsed >= this.#options.idleTimeout;
      if (session.users === 0 && (idle || now >= session.expiresAt)) this.#remove(session);
    }
    await Promise.all(this.#disposals);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const session of this.#all()) {
      this.#remove(session);
      if (session.users > 0) this.#dispose(session);
    }
    await Promise.all(this.#disposals);
  }

  #find(owner: Owner, sent: SentSession | undefined): LiveSession {
    const id = sent?.id;
    const key = JSON.stringify([owner.issuer, owner.subject]);
    const existing = this.#sessions.get(key)?.get(id ?? '');
    if (existing !== undefined) return existing;
    const waiting = this.#sessions.get(key)?.get('');
    if (sent !== undefined && waiting?.keptFor === sent.id) return this.#handOver(key, waiting, sent.id);
    this.#makeRoom(key);
    const session = new LiveSession(id ?? this.#ids.create(owner), owner, id === undefined);
    const { catalog, schema } = this.#options;
    session.begin({ catalog, schema: schema && [...schema], options: new Map() });
    const names = id === undefined ? undefined : this.#keptNames.get(id);
    if (names !== undefined) session.takeNames(names);
    const siblings = this.#sessions.get(key) ?? new Map<string, LiveSession>();
    siblings.set(id ?? '', session);
    this.#sessions.set(key, siblings);
    this.#size++;
    return session;
  }

  #keepFor(id: string, session: LiveSession): void {
    session.keptFor = id;
    this.#keptNames.set(id, session.names);
  }

  /** Makes the default session that of the client which left state in it. */
  #handOver(key: string, session: LiveSession, id: string): LiveSession {
    const siblings = this.#sessions.get(key);
    siblings?.delete('');
    siblings?.set(id, session);
    session.becomeOwn(id);
    return session;
  }

  #makeRoom(key: string): void {
    const siblings = [...(this.#sessions.get(key)?.values() ?? [])];
    if (siblings.length >= this.#options.perPrincipal && !this.#removeLongestIdle(siblings)) {
      throw new SkuaError(
        'RESOURCE_EXHAUSTED',
        `too many sessions: all ${this.#options.perPrincipal} that you may have are in use; close one or try again later`,
      );
    }
    if (this.#size >= this.#options.total && !this.#removeLongestIdle(this.#all())) {
      throw new SkuaError(
        'RESOURCE_EXHAUSTED',
        'too many sessions: the server has no room for another; try again later',
      );
    }
  }

  #removeLongestIdle(sessions: readonly LiveSession[]): boolean {
    const [longest] = sessions.filter(({ users }) => users === 0).sort((a, b) => a.lastUsed - b.lastUsed);
    if (longest === undefined) return false;
    this.#remove(longest);
    return true;
  }

  #remove(session: LiveSession): void {
    if (session.ended) return;
    session.ended = true;
    const key = JSON.stringify([session.owner.issuer, session.owner.subject]);
    const siblings = this.#sessions.get(key);
    siblings?.delete(session.isDefault ? '' : session.id);
    if (siblings?.size === 0) this.#sessions.delete(key);
    this.#size--;
    if (session.users === 0) this.#dispose(session);
  }

  #dispose(session: LiveSession): void {
    this.#settle(session.dispose());
  }

  /** Waits for a disposal, and tells of its failures. */
  #settle(disposing: Promise<unknown[]> | undefined): void {
    if (disposing === undefined) return;
    const disposal = disposing.then((failures) => {
      this.#disposals.delete(disposal);
      for (const failure of failures) this.#options.onDisposeError?.(failure);
    });
    this.#disposals.add(disposal);
  }

  #all(): LiveSession[] {
    return [...this.#sessions.values()].flatMap((sessions) => [...sessions.values()]);
  }
}
