import { type Names, readCarried, writeCarried } from './carried.js';
import type { Held, Session, SessionOption } from './session.js';

interface Resource {
  value: Promise<unknown>;
  dispose: (value: unknown) => Promise<void>;
  held: Held<unknown> | undefined;
  /** Once it is there. */
  made?: { value: unknown };
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

  /** What the client carries of the session since its last change, as it was written; undefined before any. */
  #carried: string | undefined;
  #version = 0;
  #first: string | undefined;
  #missing: string[] = [];

  /** The session id that was given to the client whose call last left state here, while this was the default session. */
  keptFor: string | undefined;

  get root(): object {
    return this;
  }

  constructor(
    public id: string,
    readonly owner: { issuer: string; subject: string },
    /** The session of calls without a cookie. */
    public isDefault: boolean,
  ) {}

  async resource<T>(
    key: symbol,
    create: () => Promise<T>,
    dispose: (value: T) => Promise<void>,
    held?: Held<T>,
  ): Promise<T> {
    const existing = this.#resources.get(key);
    if (existing !== undefined) return existing.value as Promise<T>;
    const resource: Resource = {
      value: create(),
      dispose: dispose as (value: unknown) => Promise<void>,
      held: held as Held<unknown> | undefined,
    };
    this.#resources.set(key, resource);
    try {
      const value = (await resource.value) as T;
      resource.made = { value };
      return value;
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
    this.options.clear();
    for (const [name, value] of options) this.options.set(name, value);
  }

  /** Begins with names of which a client carries nothing. */
  begin(names: Names): void {
    this.takeNames(names);
    this.#carried = this.#written(0);
  }

  /** What the client shall carry from now on, as it is written; undefined for a session that was never changed. */
  carry(): string | undefined {
    if (this.#written(this.#version) !== this.#carried) this.#carried = this.#written(++this.#version);
    return this.#version === 0 ? undefined : this.#carried;
  }

  /** What a client without a session of its own shall carry of this one, as it begins its own. */
  firstCarried(): string {
    this.#first = this.#written(1);
    return this.#first;
  }

  /** Becomes the own session of the client that `firstCarried` was made for. */
  becomeOwn(id: string): void {
    this.id = id;
    this.isDefault = false;
    this.keptFor = undefined;
    if (this.#first === undefined) return;
    this.#carried = this.#first;
    this.#version = readCarried(this.#first).version;
  }

  /**
   * Follows a client that went on elsewhere: the names are those that it carries, and what is held here is disposed of, for the client was told
   * that it is gone. The failures of the disposal; undefined where nothing was newer.
   */
  follow(carried: string): Promise<unknown[]> | undefined {
    if (carried === this.#carried) return undefined;
    const { version, names, held } = readCarried(carried);
    if (version < this.#version) return undefined;
    this.#version = version;
    this.#carried = carried;
    this.takeNames(names);
    this.#missing = held;
    const stale = [...this.#resources].filter(([, resource]) => heldOf(resource) !== undefined);
    return stale.length === 0 ? undefined : this.#disposeOf(stale);
  }

  /** What the session had elsewhere, or before a restart, and has no longer; told once. */
  takeMissing(): string[] {
    return this.#missing.splice(0);
  }

  #written(version: number): string {
    const held = [...this.#resources.values()].flatMap((resource) => heldOf(resource) ?? []);
    return writeCarried({ version, names: this.names, held });
  }

  /** Disposes of all resources; the failures of their disposal. */
  dispose(): Promise<unknown[]> {
    return this.#disposeOf([...this.#resources]);
  }

  async #disposeOf(entries: readonly [symbol, Resource][]): Promise<unknown[]> {
    for (const [key] of entries) this.#resources.delete(key);
    const resources = entries.map(([, resource]) => resource);
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

function heldOf({ held, made }: Resource): string | undefined {
  return made === undefined ? undefined : held?.(made.value);
}
