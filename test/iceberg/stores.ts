/** Stores for tests: the tables under test/fixtures/, and one in memory. */
import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { SkuaError } from '../../src/errors.js';
import type { TableMetadata } from '../../src/iceberg/index.js';
import { parseTableMetadata } from '../../src/iceberg/index.js';
import { parseJson } from '../../src/json.js';
import type { ListedObject, Storage } from '../../src/storage/contract.js';

const fixtures = new URL('../fixtures/', import.meta.url);

export interface FixtureTable {
  namespace: string[];
  name: string;
  kind: string;
  shows: string;
  expected: string;
  formatVersion: number;
  location: string;
  metadataLocation: string;
}

interface FixtureCatalog {
  locationPrefix: string;
  folder: string;
  tables: FixtureTable[];
}

const catalog = JSON.parse(readFileSync(new URL('catalog.json', fixtures), 'utf8')) as FixtureCatalog;

export const fixtureTables = catalog.tables.filter(({ kind }) => kind === 'table');

export function fixtureTable(path: string): FixtureTable {
  const found = fixtureTables.find(({ namespace, name }) => [...namespace, name].join('.') === path);
  if (!found) throw new Error(`There is no fixture ${path}`);
  return found;
}

function fixtureUrl(location: string): URL {
  return new URL(`${catalog.folder}/${location.slice(catalog.locationPrefix.length)}`, fixtures);
}

export function fixtureMetadata(table: FixtureTable): TableMetadata {
  return parseTableMetadata(parseJson(readFileSync(fixtureUrl(table.metadataLocation), 'utf8')));
}

function readOnly(): never {
  throw new SkuaError('PERMISSION_DENIED', 'fixtures are read only');
}

export const fixtureStorage: Storage = {
  async read(location, range) {
    const bytes = await readFile(fixtureUrl(location));
    return range ? bytes.subarray(range.offset, range.offset + range.length) : bytes;
  },
  size: async (location) => (await stat(fixtureUrl(location))).size,
  write: readOnly,
  upload: readOnly,
  remove: readOnly,
  list: readOnly,
};

/** Keeps what is written; `files` is what it holds. */
export class MemoryStorage implements Storage {
  readonly files = new Map<string, Uint8Array>();
  reads = 0;

  async read(location: string, range?: { offset: number; length: number }): Promise<Uint8Array> {
    this.reads++;
    const bytes = this.files.get(location);
    if (!bytes) throw new SkuaError('NOT_FOUND', `${location} does not exist`);
    return range ? bytes.subarray(range.offset, range.offset + range.length) : bytes;
  }

  async size(location: string): Promise<number> {
    return (await this.read(location)).byteLength;
  }

  async write(location: string, bytes: Uint8Array): Promise<void> {
    if (this.files.has(location)) throw new SkuaError('ALREADY_EXISTS', `${location} exists`);
    this.files.set(location, bytes);
  }

  async upload(): Promise<void> {
    throw new SkuaError('UNIMPLEMENTED', 'no uploads in memory');
  }

  async remove(locations: readonly string[]): Promise<void> {
    for (const location of locations) this.files.delete(location);
  }

  async *list(): AsyncIterable<ListedObject> {
    for (const [location, bytes] of this.files) yield { location, size: bytes.byteLength, modifiedMs: 0 };
  }
}
