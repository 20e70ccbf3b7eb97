import { Arena, createSharedFile, type SharedFile } from '../protocol/index.js';

/** Shared memory for one engine process: what it writes, and what the server writes. */
export interface MemoryPair {
  engines: SharedFile;
  servers: SharedFile;
  /** Gives out the server's part. */
  arena: Arena;
}

/** Sizes in bytes; pages are taken only where something is written. */
const ENGINE_BYTES = 256 * 2 ** 20;
const SERVER_BYTES = 128 * 2 ** 20;

/** A mapping is never taken away, since something may still refer to it; that of a process that ended serves the next one. */
export class SharedMemoryPool {
  readonly #free: MemoryPair[] = [];

  /** Undefined where the system has no memory that processes can share. */
  take(): MemoryPair | undefined {
    const pair = this.#free.pop();
    if (pair) return pair;
    const engines = createSharedFile(ENGINE_BYTES);
    const servers = engines && createSharedFile(SERVER_BYTES);
    if (servers) return { engines, servers, arena: new Arena(servers.memory) };
    engines?.close();
    return undefined;
  }

  giveBack({ engines, servers }: MemoryPair): void {
    engines.memory.discard(0, ENGINE_BYTES);
    servers.memory.discard(0, SERVER_BYTES);
    this.#free.push({ engines, servers, arena: new Arena(servers.memory) });
  }

  close(): void {
    for (const { engines, servers } of this.#free.splice(0)) {
      engines.close();
      servers.close();
    }
  }
}
