/** Connections that are ready to read what a statement read, for the next statement that reads just that. */
import type { Connection } from './native/database.js';

/** How long a connection waits, in milliseconds, and how many may. */
const IDLE_LIFETIME = 5000;
const MOST_IDLE = 16;

interface Idle {
  connection: Connection;
  timer: NodeJS.Timeout;
}

/** Of one instance. Keys say what the connections have: their views, whose files stay where they are, and their time zone. */
export class ReadyConnections {
  /** Those that were given last come last. */
  readonly #idle = new Map<string, Idle>();
  #isClosed = false;

  /** A connection that is the caller's from now on. */
  take(key: string): Connection | undefined {
    const found = this.#idle.get(key);
    if (!found) return undefined;
    clearTimeout(found.timer);
    this.#idle.delete(key);
    return found.connection;
  }

  /** Takes a connection on which nothing runs any more. Where there is one like it, it is closed. */
  async give(key: string, connection: Connection): Promise<void> {
    if (this.#isClosed || this.#idle.has(key)) return connection.close();
    const timer = setTimeout(() => void this.#close(key), IDLE_LIFETIME).unref();
    this.#idle.set(key, { connection, timer });
    const [oldest] = this.#idle.keys();
    if (this.#idle.size > MOST_IDLE && oldest !== undefined) await this.#close(oldest);
  }

  /** Closes all, and what is given from now on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#idle.keys()].map((key) => this.#close(key)));
  }

  async #close(key: string): Promise<void> {
    await this.take(key)?.close();
  }
}
