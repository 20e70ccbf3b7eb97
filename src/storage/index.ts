/** Bytes by location: S3 and local files, byte ranges kept on local disk. */
export {
  type CacheFile,
  createRangeCache,
  type EnsuredFile,
  type FetchedBytes,
  type RangeCache,
  type RangeCacheCounters,
  type RangeCacheOptions,
} from './cache/range-cache.js';
export type {
  ByteRange,
  ListedObject,
  ObjectVersion,
  RequestSigner,
  SignedAddresses,
  SignedRequest,
  Storage,
  StorageAccess,
  StorageCredential,
  UnsignedRequest,
} from './contract.js';
export { type EndpointOptions, Endpoints } from './endpoints.js';
export { Journal, type JournalEntry, type JournalRecord, type Leftover } from './journal.js';
export { normalizeLocation, parseLocation } from './location.js';
export { openStorage, type StorageOptions, storeIdentity } from './open.js';
export { mergeRanges, subtractRanges, totalBytes } from './ranges.js';
export { LARGEST_WHOLE_READ } from './read-limit.js';
export { createS3Clients, type S3Clients, type S3ClientsOptions } from './s3/clients.js';
export type { StoreExchange } from './s3/request.js';
