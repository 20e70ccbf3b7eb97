import type { MetadataCache } from '../../../iceberg/index.js';
import type { FooterCache } from '../../../parquet/index.js';
import type { RangeCache } from '../../../storage/index.js';
import type { DecodedCopies } from './decoded-copies.js';

/** What is kept of files that never change, for all sessions. */
export interface Caches {
  ranges: RangeCache;
  footers: FooterCache;
  manifests: MetadataCache;
  /** Without it, nothing is read but what files hold. */
  decoded?: DecodedCopies;
  /** Data files of at most this many bytes are fetched as a whole. */
  wholeFile: number;
  /** The largest portion, in bytes, in which large scans are fetched where their rows can be given file by file. */
  portionBytes: number;
}
