import type { TableScan } from '../../contract.js';
import type { Connection } from '../native/database.js';
import { quoteIdentifier, quoteText } from '../native/text.js';
import { databaseName } from './decoded.js';

interface Attached {
  /** Statements that read it. */
  users: number;
  ready: Promise<void>;
}

interface User {
  connection: Connection;
  afterwards(work: () => Promise<void>): void;
}

/** The databases of decoded columns that statements of an instance read, each attached for as long as one of them does. */
export class AttachedDatabases {
  readonly #attached = new Map<string, Attached>();
  readonly #connect: () => Connection;

  constructor(connect: () => Connection) {
    this.#connect = connect;
  }

  /** Attaches those of the scans until the user has ended. */
  async attach(user: User, scans: readonly TableScan[]): Promise<void> {
    const files = scans.flatMap(({ source }) => (source.kind === 'parquet' ? source.files : []));
    for (const path of new Set(files.flatMap(({ decoded }) => decoded?.path ?? []))) {
      const database = this.#attached.get(path) ?? { users: 0, ready: attachDatabase(user.connection, path) };
      this.#attached.set(path, database);
      database.users++;
      user.afterwards(() => this.#leave(path, database));
      await database.ready;
    }
  }

  async #leave(path: string, database: Attached): Promise<void> {
    if (--database.users > 0) return;
    this.#attached.delete(path);
    const isAttached = await database.ready.then(
      () => true,
      () => false,
    );
    if (!isAttached) return;
    const connection = this.#connect();
    try {
      await connection.execute(`DETACH ${quoteIdentifier(databaseName(path))}`);
    } finally {
      await connection.close();
    }
  }
}

function attachDatabase(connection: Connection, path: string): Promise<void> {
  const name = quoteIdentifier(databaseName(path));
  return connection.execute(`ATTACH ${quoteText(path)} AS ${name} (READ_ONLY, TYPE duckdb)`);
}
