/**
 * Bound parameters between DoPut and DoGet. Small ones travel inside the sealed handle or ticket, so that a bound statement survives a
 * change of server; large ones stay here, under their owner's name.
 */
import { randomUUID } from 'node:crypto';
import { decodeStream, encodeStream } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import type { Parameters } from '../put-stream.js';
import type { Owner } from '../seal.js';

/** Bytes of Arrow data up to which parameters travel in the handle. */
const LARGEST_EMBEDDED = 8192;

/** What a handle or ticket says about its parameters. */
export interface BindingReference {
  /** An IPC stream in base64. */
  embedded?: string;
  /** Id of what this server keeps. */
  kept?: string;
}

interface Kept {
  stream: Buffer;
  lastUsed: number;
}

export interface BindingsOptions {
  /** Kept parameters of one principal, in bytes; the longest unused make room for new ones. */
  bytesPerPrincipal: number;
  /** In milliseconds. */
  idleTimeout: number;
  now?: () => number;
}

export class Bindings {
  readonly #options: BindingsOptions;
  readonly #now: () => number;
  /** By owner, then by id, longest unused first. */
  readonly #kept = new Map<string, Map<string, Kept>>();

  constructor(options: BindingsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  bind(owner: Owner, parameters: Parameters): BindingReference {
    this.#sweep();
    const stream = encodeStream(parameters.schema, parameters.batches);
    if (stream.byteLength <= LARGEST_EMBEDDED) return { embedded: stream.toString('base64') };
    const { bytesPerPrincipal } = this.#options;
    if (stream.byteLength > bytesPerPrincipal) {
      throw new SkuaError('RESOURCE_EXHAUSTED', `more than ${bytesPerPrincipal} bytes of bound parameters`);
    }
    const own = this.#kept.get(keyOf(owner)) ?? new Map<string, Kept>();
    this.#kept.set(keyOf(owner), own);
    let bytes = stream.byteLength;
    for (const kept of own.values()) bytes += kept.stream.byteLength;
    for (const [id, kept] of own) {
      if (bytes <= bytesPerPrincipal) break;
      bytes -= kept.stream.byteLength;
      own.delete(id);
    }
    const id = randomUUID();
    own.set(id, { stream, lastUsed: this.#now() });
    return { kept: id };
  }

  /** The parameters again; undefined where none were bound. No longer kept: FAILED_PRECONDITION. */
  resolve(owner: Owner, reference: BindingReference | undefined): Parameters | undefined {
    if (reference?.embedded !== undefined) return decodeStream(Buffer.from(reference.embedded, 'base64'));
    if (reference?.kept === undefined) return undefined;
    this.#sweep();
    const own = this.#kept.get(keyOf(owner));
    const kept = own?.get(reference.kept);
    if (own === undefined || kept === undefined) {
      throw new SkuaError('FAILED_PRECONDITION', 'the bound parameters are no longer kept; bind them again');
    }
    kept.lastUsed = this.#now();
    own.delete(reference.kept);
    own.set(reference.kept, kept);
    return decodeStream(kept.stream);
  }

  release(owner: Owner, reference: BindingReference | undefined): void {
    if (reference?.kept !== undefined) this.#kept.get(keyOf(owner))?.delete(reference.kept);
  }

  #sweep(): void {
    const oldest = this.#now() - this.#options.idleTimeout;
    for (const [owner, own] of this.#kept) {
      for (const [id, kept] of own) if (kept.lastUsed <= oldest) own.delete(id);
      if (own.size === 0) this.#kept.delete(owner);
    }
  }
}

function keyOf(owner: Owner): string {
  return JSON.stringify([owner.issuer, owner.subject]);
}
