import type { TableScan } from '../../contract.js';
import type { Connection } from '../native/database.js';
import { quoteIdentifier, quoteText } from '../native/text.js';
import { databaseName } from './decoded.js';

interface Attached {
  path: string;
  /** Statements that read it. */
  users: number;
  ready: Promise<void>;
  timer?: NodeJS.Timeout;
}

interface User {
  connection: Connection;
  afterwards(work: () => Promise<void>): void;
}

/** How long a database stays attached that nobody reads, in milliseconds, and how many of those there may be. */
const IDLE_LIFETIME = 5000;
const MOST_IDLE = 32;

/** The databases of decoded columns that statements of an instance read: attached for as long as one follows another. */
export class AttachedDatabases {
  /** Those that nobody reads in the order in which they were left. */
  readonly #attached = new Map<string, Attached>();
  /** Those that are being detached. A database of the same name is attached after that. */
  readonly #detaching = new Map<string, Promise<void>>();
  readonly #connect: () => Connection;

  constructor(connect: () => Connection) {
    this.#connect = connect;
  }

  /** Attaches those of the scans until the user has ended. */
  async attach(user: User, scans: readonly TableScan[]): Promise<void> {
    const files = scans.flatMap(({ source }) => (source.kind === 'parquet' ? source.files : []));
    for (const path of new Set(files.flatMap(({ decoded }) => decoded?.path ?? []))) {
      const database = this.#attached.get(path) ?? { path, users: 0, ready: this.#attach(user.connection, path) };
      clearTimeout(database.timer);
      this.#attached.set(path, database);
      database.users++;
      user.afterwards(() => this.#leave(database));
      await database.ready;
    }
  }

  /** Detaches nothing more: the instance closes, and with it all that is attached. */
  async close(): Promise<void> {
    for (const { timer } of this.#attached.values()) clearTimeout(timer);
    await Promise.all(this.#detaching.values());
  }

  async #attach(connection: Connection, path: string): Promise<void> {
    await this.#detaching.get(path);
    await connection.execute(`ATTACH ${quoteText(path)} AS ${nameOf(path)} (READ_ONLY, TYPE duckdb)`);
  }

  async #leave(database: Attached): Promise<void> {
    if (--database.users > 0) return;
    const isAttached = await database.ready.then(
      () => true,
      () => false,
    );
    if (database.users > 0) return;
    this.#attached.delete(database.path);
    if (!isAttached) return;
    this.#attached.set(database.path, database);
    database.timer = setTimeout(() => this.#detach(database), IDLE_LIFETIME).unref();
    const idle = [...this.#attached.values()].filter(({ users }) => users === 0);
    for (const one of idle.slice(0, Math.max(0, idle.length - MOST_IDLE))) this.#detach(one);
  }

  #detach({ path, timer }: Attached): void {
    clearTimeout(timer);
    this.#attached.delete(path);
    const connection = this.#connect();
    const detached = connection
      .execute(`DETACH ${nameOf(path)}`)
      // One that stays attached is detached with the instance.
      .catch(() => undefined)
      .finally(() => connection.close())
      .finally(() => this.#detaching.delete(path));
    this.#detaching.set(path, detached);
  }
}

function nameOf(path: string): string {
  return quoteIdentifier(databaseName(path));
}
