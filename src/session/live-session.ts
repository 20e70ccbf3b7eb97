import type { Session, SessionOption } from './session.js';

/** What USE and session options choose. */
export interface Names {
  catalog: string | undefined;
  schema: string[] | undefined;
  options: ReadonlyMap<string, SessionOption>;
}

interface Resource {
  value: Promise<unknown>;
  dispose: (value: unknown) => Promise<void>;
}

/** A session with what the store must know to end it. */
export class LiveSession implements Session {
  catalog: string | undefined;
  schema: string[] | undefined;
  readonly options = new Map<string, SessionOption>();
  readonly #resources = new Map<symbol, Resource>();
  /** Calls that use the session at this moment. */
  users = 0;
  /** Milliseconds since the epoch. */
  lastUsed = 0;
  /** When the newest token that was seen with the session expires, in milliseconds since the epoch. */
  expiresAt = 0;
  /** An ended session takes no new call; its resources go when the last running one is over. */
  ended = false;

  /** The session id that was given to the client whose call last left state here, while this was the default session. */
  keptFor: string | undefined;

  constructor(
    public id: string,
    readonly owner: { issuer: string; subject: string },
    /** The session of calls without a cookie. */
    public isDefault: boolean,
  ) {}

  async resource<T>(key: symbol, create: () => Promise<T>, dispose: (value: T) => Promise<void>): Promise<T> {
    const existing = this.#resources.get(key);
    if (existing !== undefined) return existing.value as Promise<T>;
    const resource: Resource = { value: create(), dispose: dispose as (value: unknown) => Promise<void> };
    this.#resources.set(key, resource);
    try {
      return (await resource.value) as T;
    } catch (error) {
      // What could not be made is tried again next time.
      if (this.#resources.get(key) === resource) this.#resources.delete(key);
      throw error;
    }
  }

  get names(): Names {
    return { catalog: this.catalog, schema: this.schema, options: new Map(this.options) };
  }

  takeNames({ catalog, schema, options }: Names): void {
    this.catalog = catalog;
    this.schema = schema;
    for (const [name, value] of options) this.options.set(name, value);
  }

  /** Disposes of all resources; the failures of their disposal. */
  async dispose(): Promise<unknown[]> {
    const resources = [...this.#resources.values()];
    this.#resources.clear();
    const results = await Promise.allSettled(
      resources.map(async ({ value, dispose }) => {
        const made = await value.then(
          (resolved) => ({ resolved }),
          () => undefined,
        );
        if (made !== undefined) await dispose(made.resolved);
      }),
    );
    return results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  }
}
