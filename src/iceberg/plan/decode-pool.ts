/** Worker threads that decode manifests. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type ErrorCode, SkuaError } from '../../errors.js';
import type { ManifestFile } from '../types.js';
import type { SelectedFiles, Selection } from './select-files.js';

export interface DecodeRequest {
  id: number;
  bytes: Uint8Array;
  manifest: ManifestFile;
  selection: Selection;
}

export type DecodeReply =
  | { id: number; selected: SelectedFiles }
  | { id: number; failure: { code: ErrorCode; message: string } };

/** Idle threads end after that many milliseconds. */
const idleLimit = 30_000;

interface Job {
  resolve: (selected: SelectedFiles) => void;
  reject: (error: SkuaError) => void;
}

interface Thread {
  worker: Worker;
  jobs: Map<number, Job>;
  idle?: NodeJS.Timeout;
}

/** Threads start with the first manifest and don't keep the process alive. */
export class DecodePool {
  readonly #script: URL;
  readonly #threads: Thread[] = [];
  readonly #size: number;
  #nextId = 0;

  constructor(script: URL, size = Math.min(4, Math.max(1, availableParallelism() - 1))) {
    this.#script = script;
    this.#size = size;
  }

  decode(bytes: Uint8Array, manifest: ManifestFile, selection: Selection): Promise<SelectedFiles> {
    const thread = this.#leastBusy();
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      thread.jobs.set(id, { resolve, reject });
      clearTimeout(thread.idle);
      thread.worker.ref();
      thread.worker.postMessage({ id, bytes: alone(bytes), manifest, selection } satisfies DecodeRequest);
    });
  }

  /** Ends the threads; what is under way fails with INTERNAL. */
  close(): void {
    for (const thread of [...this.#threads]) this.#end(thread);
  }

  #leastBusy(): Thread {
    const free = this.#threads.find(({ jobs }) => jobs.size === 0);
    if (free) return free;
    if (this.#threads.length < this.#size) return this.#start();
    return this.#threads.reduce((best, thread) => (thread.jobs.size < best.jobs.size ? thread : best));
  }

  #start(): Thread {
    const thread: Thread = { worker: new Worker(this.#script, { resourceLimits }), jobs: new Map() };
    this.#threads.push(thread);
    thread.worker.on('message', (reply: DecodeReply) => {
      const job = thread.jobs.get(reply.id);
      thread.jobs.delete(reply.id);
      if ('selected' in reply) job?.resolve(reply.selected);
      else job?.reject(new SkuaError(reply.failure.code, reply.failure.message));
      if (thread.jobs.size === 0) this.#rest(thread);
    });
    thread.worker.once('error', (cause) => this.#lose(thread, cause));
    thread.worker.once('exit', () => this.#lose(thread));
    return thread;
  }

  #rest(thread: Thread): void {
    thread.worker.unref();
    thread.idle = setTimeout(() => this.#end(thread), idleLimit);
    thread.idle.unref();
  }

  #end(thread: Thread): void {
    this.#lose(thread);
    void thread.worker.terminate();
  }

  #lose(thread: Thread, cause?: unknown): void {
    clearTimeout(thread.idle);
    const index = this.#threads.indexOf(thread);
    if (index >= 0) this.#threads.splice(index, 1);
    for (const job of thread.jobs.values()) {
      job.reject(lost(cause));
    }
    thread.jobs.clear();
  }
}

/** V8's own limit would be that of the whole process. */
const resourceLimits = { maxOldGenerationSizeMb: 1024 };

function lost(cause: unknown): SkuaError {
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? new SkuaError('RESOURCE_EXHAUSTED', 'A manifest has more entries than there is memory for', { cause })
    : new SkuaError('INTERNAL', 'The thread that decodes manifests ended', { cause });
}

/** A message carries the whole memory that its bytes lie in. */
function alone(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}
