import { Arena, createSharedFile, type SharedFile } from '../protocol/index.js';

/** Sizes in bytes; pages are taken only where something is written. */
const ENGINE_BYTES = 256 * 2 ** 20;
const SERVER_BYTES = 128 * 2 ** 20;

interface Pair {
  engines: SharedFile;
  servers: SharedFile;
}

/** Shared memory for one engine process: what it writes, and what the server writes. Whoever uses it holds it. */
export class MemoryPair {
  readonly engines: SharedFile;
  readonly servers: SharedFile;
  /** Gives out the server's part. */
  readonly arena: Arena;
  readonly #giveBack: () => void;
  #holders = 0;

  constructor({ engines, servers }: Pair, giveBack: () => void) {
    this.engines = engines;
    this.servers = servers;
    this.arena = new Arena(servers.memory);
    this.#giveBack = giveBack;
  }

  /** Keeps it as it is until the function that it gives is called. When nobody holds it any more, it serves another process. */
  hold(): () => void {
    this.#holders++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      if (--this.#holders > 0) return;
      this.arena.close();
      this.#giveBack();
    };
  }
}

/** A mapping is never taken away, since something may still refer to it; that of a process that ended serves the next one. */
export class SharedMemoryPool {
  readonly #free: Pair[] = [];
  #isClosed = false;

  /** Undefined where the system has no memory that processes can share. */
  take(): MemoryPair | undefined {
    const pair = this.#free.pop() ?? createPair();
    return pair && new MemoryPair(pair, () => this.#giveBack(pair));
  }

  close(): void {
    this.#isClosed = true;
    for (const pair of this.#free.splice(0)) closePair(pair);
  }

  #giveBack(pair: Pair): void {
    pair.engines.memory.discard(0, ENGINE_BYTES);
    pair.servers.memory.discard(0, SERVER_BYTES);
    if (this.#isClosed) closePair(pair);
    else this.#free.push(pair);
  }
}

function createPair(): Pair | undefined {
  const engines = createSharedFile(ENGINE_BYTES);
  const servers = engines && createSharedFile(SERVER_BYTES);
  if (servers) return { engines, servers };
  engines?.close();
  return undefined;
}

function closePair({ engines, servers }: Pair): void {
  engines.close();
  servers.close();
}
