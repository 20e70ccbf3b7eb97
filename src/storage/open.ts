import type { Storage, StorageAccess } from './contract.js';
import { createCredentialSource } from './credentials.js';
import type { Endpoints } from './endpoints.js';
import { SignedFileReader } from './http/signed.js';
import { createLocalStorage } from './local.js';
import { groupBy, normalizeLocation, parseLocation } from './location.js';
import { createS3Clients, type S3Clients } from './s3/clients.js';
import type { RetryOptions, StoreExchange } from './s3/request.js';
import { createS3Storage } from './s3/storage.js';

export interface StorageOptions {
  /** Folders whose files may be read and written as `file:///…`. Default none: a catalog must not be able to name the machine's own files. */
  localRoots?: readonly string[];
  /** Shared by everything that opens storage; see `createS3Clients`. Default: one set of clients for the process. */
  clients?: S3Clients;
  retry?: RetryOptions;
  /** Where signed addresses may lead, and the clients made here. Default: anywhere. */
  endpoints?: Endpoints | undefined;
  /** Told of every request to an S3 store. */
  onRequest?: ((request: StoreExchange) => void) | undefined;
}

let processClients: S3Clients | undefined;

/**
 * The store of one table as one caller may reach it. Cheap: connections are shared, nothing is contacted before the first request.
 * Failures are `SkuaError`s whose messages hold no key, header or signed address.
 */
export function openStorage(access: StorageAccess, options: StorageOptions = {}): Storage {
  processClients ??= options.clients ? undefined : createS3Clients();
  const clients = options.clients ?? (processClients as S3Clients);
  const local = createLocalStorage(options.localRoots ?? []);
  const s3 = createS3Storage({
    clients,
    credentials: createCredentialSource(access),
    retry: options.retry ?? {},
    onRequest: options.onRequest,
  });
  const storeOf = (location: string) => (parseLocation(location).store === 's3' ? s3 : local);
  const signed = access.signed && new SignedFileReader(access.signed, options.endpoints);
  return {
    async read(location, range, signal, version) {
      if (signed?.has(location)) return signed.read(location, range, signal, version);
      return storeOf(location).read(location, range, signal, version);
    },
    size: async (location) => (signed?.has(location) ? signed : storeOf(location)).size(location),
    write: async (location, bytes) => storeOf(location).write(location, bytes),
    upload: async (location, path, signal) => storeOf(location).upload(location, path, signal),
    async remove(locations) {
      for (const [store, members] of groupBy(locations, storeOf)) await store.remove(members);
    },
    list: (prefix) => storeOf(prefix).list(prefix),
  };
}

/**
 * Tells stores apart whose buckets have the same name: the endpoint, or the region of Amazon's own. Local files are one store.
 * Where the catalog vends credentials for one table, or signs the requests for its files, the table's own location is part of the answer: bytes that were read for one table
 * then never serve another one, whose metadata may name files that its credentials don't open.
 */
export function storeIdentity(access: StorageAccess, location: string, tableLocation: string): string {
  if (access.signed?.addressOf(location) !== undefined) return `signed for ${normalizeLocation(tableLocation)}`;
  if (parseLocation(location).store === 'file') return 'file';
  const configs = [access.properties, ...access.credentials.map((credential) => credential.config)];
  const property = (name: string) => configs.find((config) => config[name] !== undefined)?.[name];
  const region = property('s3.region') ?? property('client.region') ?? 'us-east-1';
  const endpoint = property('s3.endpoint') ?? `aws:${region}`;
  const isOfTable = property('s3.session-token') !== undefined || access.signer !== undefined;
  return !isOfTable ? endpoint : `${endpoint} for ${normalizeLocation(tableLocation)}`;
}
