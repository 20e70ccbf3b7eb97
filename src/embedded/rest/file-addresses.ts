/** Addresses by which whoever has them reads single files of a warehouse that has none of its own, for some time. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { HttpAnswer, HttpRequest } from '../http/server.js';
import type { Warehouse } from '../warehouse/contract.js';

const PATH = '/files';

export class FileAddresses {
  readonly #warehouse: Warehouse;
  readonly #key = randomBytes(32);

  constructor(warehouse: Warehouse) {
    this.#warehouse = warehouse;
  }

  /** Below the origin of the server. */
  pathOf(location: string, seconds: number): string {
    const path = location.slice('file://'.length).split('/').map(encodeURIComponent).join('/');
    const expires = String(Math.ceil(Date.now() / 1000) + seconds);
    return `${PATH}${path}?expires=${expires}&signature=${this.#signature(path, expires)}`;
  }

  /** The answer to a request for a file; undefined for any other request. */
  async answer({ method, path, query, headers }: HttpRequest): Promise<HttpAnswer | undefined> {
    if (!path.startsWith(`${PATH}/`)) return undefined;
    const file = path.slice(PATH.length);
    const expires = query.get('expires') ?? '';
    if (!isEqual(query.get('signature') ?? '', this.#signature(file, expires))) return { status: 403 };
    if (Number(expires) * 1000 < Date.now()) return { status: 403 };
    if (method !== 'GET') return { status: 405 };
    const bytes = await this.#warehouse.read(`file://${decodeURIComponent(file)}`);
    if (!bytes) return { status: 404 };
    return ranged(bytes, headers.range);
  }

  #signature(path: string, expires: string): string {
    return createHmac('sha256', this.#key).update(`${path}\n${expires}`).digest('hex');
  }
}

function isEqual(given: string, expected: string): boolean {
  return given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected));
}

function ranged(bytes: Uint8Array, header: string | undefined): HttpAnswer {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined) return { status: 200, body: bytes };
  const [start, end] = [Number(first), Math.min(Number(last), bytes.length - 1)];
  if (start >= bytes.length) return { status: 416 };
  const range = { 'content-range': `bytes ${start}-${end}/${bytes.length}` };
  return { status: 206, headers: range, body: bytes.subarray(start, end + 1) };
}
