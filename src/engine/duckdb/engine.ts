import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine, EngineCache, EngineProcessStatus, EngineSession, SessionOptions } from '../contract.js';
import type { PlacementOptions } from './client/placement.js';
import { RemoteEngine } from './client/remote-engine.js';
import { DecodedFiles } from './decoded/decoded-files.js';
import { Decoder } from './decoded/decoder.js';
import { DuckDbSession } from './session.js';
import type { Caches } from './staging/caches.js';
import { SharedLinks } from './staging/shared-links.js';

export interface DuckDbOptions extends PlacementOptions {
  caches: Caches;
  /** Holds a folder for each session, on the file system of the cached ranges, so that those can be linked into it. */
  directory: string;
  /** Bytes for columns that are read again and again, in the engine's own format, beside the cached ranges. Default: none are kept. */
  decodedBytes?: number | undefined;
  /** Told of each file whose columns could not be decoded; it is read as it is. */
  onDecodingFailure?: ((location: string, error: unknown) => void) | undefined;
}

/** Bytes of memory that decoding may use. */
const DECODING_MEMORY = 256 << 20;

/** How much of the cache may stay linked for a session that does not read it just then. */
const IDLE_PART = 1 / 64;

/** DuckDB in processes of its own, over files that the server brings to local disk. */
export class DuckDbEngine implements Engine {
  readonly #remote: RemoteEngine;
  readonly #options: DuckDbOptions;
  readonly #decoded: DecodedFiles | undefined;

  private constructor(remote: RemoteEngine, options: DuckDbOptions, decoded: DecodedFiles | undefined) {
    this.#remote = remote;
    this.#options = options;
    this.#decoded = decoded;
  }

  static async open(options: DuckDbOptions): Promise<DuckDbEngine> {
    const remote = await RemoteEngine.open(options);
    return new DuckDbEngine(remote, options, decodedFiles(remote, options));
  }

  async open(options: SessionOptions): Promise<EngineSession> {
    const directory = join(this.#options.directory, randomUUID());
    await mkdir(directory, { recursive: true, mode: 0o700 });
    try {
      const engine = await this.#remote.open({ ...options, directory });
      const caches = { ...this.#options.caches, ...(this.#decoded && { decoded: this.#decoded }) };
      const { ranges } = caches;
      const links = new SharedLinks((path) => ranges.unlink(path), ranges.capacityBytes * IDLE_PART);
      return new DuckDbSession({ engine, directory, caches, links });
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  processes(): EngineProcessStatus[] {
    return this.#remote.processes();
  }

  caches(): EngineCache[] {
    return this.#decoded ? [{ cache: 'decoded', ...this.#decoded.counters() }] : [];
  }

  async close(): Promise<void> {
    await this.#decoded?.close();
    await this.#remote.close();
  }
}

function decodedFiles(
  remote: RemoteEngine,
  { decodedBytes = 0, directory, caches, onDecodingFailure }: DuckDbOptions,
): DecodedFiles | undefined {
  if (decodedBytes === 0) return undefined;
  const open = (own: string) =>
    remote.open({ principal: 'decoding', directory: own, memoryLimit: DECODING_MEMORY, threads: 1 });
  return new DecodedFiles({
    ranges: caches.ranges,
    capacityBytes: decodedBytes,
    decoder: new Decoder(join(directory, 'decoding'), open),
    isIdle: () => remote.processes().every(({ requests }) => requests === 0),
    onFailure: onDecodingFailure,
  });
}
