import { randomUUID } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { parseJsonAsWritten, writeJson } from '../../json.js';
import { readTableDocument, tableDocument } from '../metadata/document.js';
import type { KeptMetadata } from '../metadata/model.js';
import { readViewDocument, type ViewMetadata } from '../metadata/view.js';
import { notFound } from '../request/error.js';
import { trimmed, type Warehouse } from '../warehouse/contract.js';

const KEPT = 256;

/** Reads and writes the metadata files of tables and views. They never change, so the newest ones stay in memory. */
export class MetadataFiles {
  readonly #warehouse: Warehouse;
  readonly #read = new Map<string, unknown>();

  constructor(warehouse: Warehouse) {
    this.#warehouse = warehouse;
  }

  table(location: string): Promise<KeptMetadata> {
    return this.#load(location, readTableDocument);
  }

  view(location: string): Promise<ViewMetadata> {
    return this.#load(location, readViewDocument);
  }

  /** Writes the next metadata file of a table and gives its location. */
  async writeTable(metadata: KeptMetadata, previous?: string): Promise<string> {
    const folder = trimmed(metadata.properties['write.metadata.path'] ?? `${metadata.location}/metadata`);
    const compressed = metadata.properties['write.metadata.compression-codec']?.toLowerCase() === 'gzip';
    const location = `${folder}/${nextName(previous, compressed)}`;
    await this.#write(location, tableDocument(metadata));
    this.#keep(location, metadata);
    return location;
  }

  async writeView(metadata: ViewMetadata, previous?: string): Promise<string> {
    const location = `${trimmed(metadata.location)}/metadata/${nextName(previous, true)}`;
    await this.#write(location, metadata);
    this.#keep(location, metadata);
    return location;
  }

  async remove(location: string): Promise<void> {
    this.#read.delete(location);
    await this.#warehouse.remove(location);
  }

  async #load<T>(location: string, read: (document: unknown) => T): Promise<T> {
    const known = this.#read.get(location) as T | undefined;
    if (known !== undefined) return known;
    const bytes = await this.#warehouse.read(location);
    if (bytes === undefined) throw notFound(`Location does not exist: ${location}`);
    const text = Buffer.from(isCompressed(location) ? gunzipSync(bytes) : bytes).toString('utf8');
    const metadata = read(parseJsonAsWritten(text));
    this.#keep(location, metadata);
    return metadata;
  }

  #write(location: string, document: unknown): Promise<void> {
    const bytes = Buffer.from(writeJson(document));
    return this.#warehouse.write(location, isCompressed(location) ? gzipSync(bytes) : bytes);
  }

  #keep(location: string, metadata: unknown): void {
    this.#read.set(location, metadata);
    const [oldest] = this.#read.keys();
    if (this.#read.size > KEPT && oldest !== undefined) this.#read.delete(oldest);
  }
}

function isCompressed(location: string): boolean {
  return location.endsWith('.gz.metadata.json') || location.endsWith('.metadata.json.gz');
}

/** `00003-<uuid>.metadata.json` after version 2. */
function nextName(previous: string | undefined, compressed: boolean): string {
  const version = /^(\d+)-/.exec(previous?.slice(previous.lastIndexOf('/') + 1) ?? '')?.[1];
  const next = version === undefined ? 0 : Number(version) + 1;
  return `${String(next).padStart(5, '0')}-${randomUUID()}${compressed ? '.gz' : ''}.metadata.json`;
}
