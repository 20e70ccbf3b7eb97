/** A session's place in a cluster: at any time one session there, with the newest token of the caller's. */
import type { ClusterCaller } from '../routing/contract.js';
import { type Connection, SparkSession } from './client/index.js';

/** How sessions are opened, and by what two of them differ. */
export interface Opener {
  open(caller: ClusterCaller): Promise<SparkSession>;
  key(caller: ClusterCaller): string;
}

interface Opened {
  key: string;
  session: Promise<SparkSession>;
  users: number;
  isRetired: boolean;
}

export class SparkPlace {
  readonly #opener: Opener;
  #current: Opened | undefined;

  constructor(opener: Opener) {
    this.#opener = opener;
  }

  /** The session there that carries the caller's token, until `end` is called. */
  async use(caller: ClusterCaller): Promise<{ session: SparkSession; end: () => void }> {
    const opened = this.#openedFor(caller);
    opened.users++;
    try {
      const session = await opened.session;
      let isOver = false;
      return {
        session,
        end: () => {
          if (isOver) return;
          isOver = true;
          opened.users--;
          if (session.isForgotten) this.#retire(opened);
          else this.#release(opened);
        },
      };
    } catch (error) {
      opened.users--;
      this.#retire(opened);
      throw error;
    }
  }

  async close(): Promise<void> {
    const opened = this.#current;
    this.#current = undefined;
    await opened?.session.then(
      (session) => session.release(),
      () => undefined,
    );
  }

  /** A session with another token goes when its last statement ends. */
  #openedFor(caller: ClusterCaller): Opened {
    const key = this.#opener.key(caller);
    if (this.#current?.key === key) return this.#current;
    const session = this.#opener.open(caller);
    session.catch(() => undefined);
    const opened = { key, session, users: 0, isRetired: false };
    const before = this.#current;
    this.#current = opened;
    if (before) this.#retire(before);
    return opened;
  }

  #retire(opened: Opened): void {
    if (this.#current === opened) this.#current = undefined;
    opened.isRetired = true;
    this.#release(opened);
  }

  #release({ isRetired, users, session }: Opened): void {
    if (!isRetired || users > 0) return;
    session.then(
      (open) => open.release(),
      () => undefined,
    );
  }
}

/** Opens sessions over one connection. */
export function opener(connection: Connection, { engine, sendsToken, properties, check }: OpenerOptions): Opener {
  const tokenOf = ({ authorization }: ClusterCaller) => authorization.replace(/^Bearer /, '');
  return {
    key: (caller) => JSON.stringify([caller, properties(tokenOf(caller))]),
    async open(caller) {
      const token = tokenOf(caller);
      const session = await SparkSession.open(connection, {
        engine,
        user: caller.user,
        properties: properties(token),
        authorization: sendsToken ? caller.authorization : undefined,
        secrets: [token],
      });
      try {
        await check(session);
      } catch (error) {
        await session.release();
        throw error;
      }
      return session;
    },
  };
}

export interface OpenerOptions {
  engine: string;
  /** The cluster itself asks for the caller's token. */
  sendsToken: boolean;
  properties(token: string): Record<string, string>;
  /** Whether queries may run in an opened session; throws why not. */
  check(session: SparkSession): Promise<void>;
}
