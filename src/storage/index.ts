/** Bytes by location: S3 and local files, byte ranges kept on local disk. */
export {
  type CacheFile,
  createRangeCache,
  type EnsuredFile,
  type RangeCache,
  type RangeCacheCounters,
  type RangeCacheOptions,
} from './cache/range-cache.js';
export type { ByteRange, ObjectVersion, Storage, StorageAccess, StorageCredential } from './contract.js';
export { normalizeLocation } from './location.js';
export { openStorage, type StorageOptions, storeIdentity } from './open.js';
export { mergeRanges, subtractRanges, totalBytes } from './ranges.js';
export { createS3Clients, type S3Clients, type S3ClientsOptions } from './s3/clients.js';
export { LARGEST_WHOLE_READ } from './whole.js';
