/** Files behind signed addresses: plain HTTP requests of ranges, without keys and without a signature of our own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { SkuaError } from '../../errors.js';
import { retryAfter } from '../../retry-after.js';
import type { ByteRange, ObjectVersion, SignedAddresses } from '../contract.js';
import type { Endpoints } from '../endpoints.js';
import { checkWholeRead } from '../read-limit.js';

const ATTEMPTS = 4;
/** The longest wait before the first retry, in milliseconds; doubles each time. */
const RETRY_DELAY = 100;
const LONGEST_WAIT = 30_000;

/** Connections by the rules for where they may go, shared by all readers. */
const agents = new WeakMap<object, Agent>();
const anywhere = {};

function agentFor(endpoints: Endpoints | undefined): Agent {
  const known = agents.get(endpoints ?? anywhere);
  if (known) return known;
  const connect = { timeout: 5_000, ...(endpoints && { lookup: endpoints.lookup }) };
  const agent = new Agent({ connections: 64, connect, headersTimeout: 30_000, bodyTimeout: 30_000 });
  agents.set(endpoints ?? anywhere, agent);
  return agent;
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  bytes: Uint8Array;
}

/** A connection that broke, without what it was to. */
class Broken extends Error {}

/** Reads files that have an address; failures name the location alone. */
export class SignedFileReader {
  readonly #signed: SignedAddresses;
  readonly #endpoints: Endpoints | undefined;

  constructor(signed: SignedAddresses, endpoints?: Endpoints) {
    this.#signed = signed;
    this.#endpoints = endpoints;
  }

  has(location: string): boolean {
    return this.#signed.addressOf(location) !== undefined;
  }

  async read(location: string, range?: ByteRange, signal?: AbortSignal, version?: ObjectVersion): Promise<Uint8Array> {
    if (range?.length === 0) return new Uint8Array(0);
    const { headers, bytes, status } = await this.#get(location, range, signal);
    checkVersion(location, { headers, status }, version);
    if (!range || status === 206) {
      if (range && bytes.length !== range.length) throw tooShort(location);
      return bytes;
    }
    const part = bytes.subarray(range.offset, range.offset + range.length);
    if (part.length < range.length) throw tooShort(location);
    return part;
  }

  async size(location: string): Promise<number> {
    const { headers, bytes } = await this.#get(location, { offset: 0, length: 1 }, undefined);
    const total = /\/(\d+)$/.exec(String(headers['content-range'] ?? ''))?.[1];
    return total === undefined ? bytes.length : Number(total);
  }

  async #get(location: string, range: ByteRange | undefined, signal: AbortSignal | undefined): Promise<Answer> {
    let isRenewed = false;
    for (let attempt = 1; ; attempt++) {
      const address = this.#signed.addressOf(location);
      const answer = await this.#once(location, range, signal).catch((error: unknown) => {
        if (error instanceof Broken && attempt < ATTEMPTS) return undefined;
        throw error instanceof Broken ? unavailable(location) : error;
      });
      if (answer && (answer.status === 200 || answer.status === 206)) return answer;
      if (answer && isRefused(answer.status) && !isRenewed) {
        // Meanwhile another read may have fetched new ones.
        if (attempt < ATTEMPTS && this.#signed.addressOf(location) !== address) continue;
        isRenewed = true;
        await this.#signed.renew();
        continue;
      }
      const wait = answer ? retryAfter(answer.headers['retry-after']) : undefined;
      if (answer && (!isTransient(answer.status) || attempt >= ATTEMPTS || (wait ?? 0) > LONGEST_WAIT)) {
        throw errorOf(location, answer.status);
      }
      const backoff = Math.random() * RETRY_DELAY * 2 ** (attempt - 1);
      await sleep((wait ?? 0) + backoff, undefined, { signal }).catch(() => undefined);
    }
  }

  /** The client's own errors can hold the address, and are not passed on. */
  async #once(location: string, range: ByteRange | undefined, signal: AbortSignal | undefined): Promise<Answer> {
    const address = this.#signed.addressOf(location);
    if (address === undefined)
      throw new SkuaError('PERMISSION_DENIED', `There is no longer an address for '${location}'.`);
    this.#endpoints?.check(address, 'a file');
    try {
      const answer = await request(address, {
        dispatcher: agentFor(this.#endpoints),
        ...(range && { headers: { range: `bytes=${range.offset}-${range.offset + range.length - 1}` } }),
        ...(signal && { signal }),
      });
      const isWanted = answer.statusCode === 200 || answer.statusCode === 206;
      const announced = Number(answer.headers['content-length'] ?? 0);
      if (isWanted) checkWholeRead(location, announced);
      const bytes = new Uint8Array(await answer.body.arrayBuffer());
      return { status: answer.statusCode, headers: answer.headers, bytes };
    } catch (error) {
      if (error instanceof SkuaError) throw error;
      if (signal?.aborted) throw new SkuaError('CANCELLED', 'The request was cancelled.');
      throw new Broken();
    }
  }
}

function checkVersion(location: string, { headers, status }: Omit<Answer, 'bytes'>, version?: ObjectVersion): void {
  if (!version) return;
  const total = status === 206 ? /\/(\d+)$/.exec(String(headers['content-range'] ?? ''))?.[1] : undefined;
  const isOther = version.size !== undefined && total !== undefined && Number(total) !== version.size;
  const etag = typeof headers.etag === 'string' ? headers.etag : undefined;
  version.etag ??= etag;
  if (!isOther && (etag === undefined || etag === version.etag)) return;
  throw new SkuaError(
    'DATA_LOSS',
    `'${location}' did not arrive as it was written: it was replaced while it was read.`,
  );
}

/** An address that has expired is refused in one of these ways. */
function isRefused(status: number): boolean {
  return status === 401 || status === 403 || status === 400 || status === 410;
}

function isTransient(status: number): boolean {
  return status === 429 || (status >= 500 && status !== 501);
}

function unavailable(location: string): SkuaError {
  return new SkuaError('UNAVAILABLE', `The store could not be reached to read '${location}'.`);
}

function tooShort(location: string): SkuaError {
  return new SkuaError('OUT_OF_RANGE', `'${location}' is shorter than its metadata says.`);
}

function errorOf(location: string, status: number): SkuaError {
  if (status === 404) return new SkuaError('NOT_FOUND', `The object '${location}' does not exist.`);
  if (status === 416) return tooShort(location);
  if (isRefused(status)) {
    return new SkuaError(
      'PERMISSION_DENIED',
      `The store refused to read '${location}' by the address that the catalog gave.`,
    );
  }
  return new SkuaError('UNAVAILABLE', `The store failed to read '${location}' (HTTP ${status}).`);
}
