import { describe } from 'vitest';
import { parts } from '../../scripts/real/index.mjs';
import { startS3TestServer } from './support/s3-server.js';
import { runSqlFiles } from './support/sql-files.js';

const { missing } = parts.rustfs.find();

/** Every statement begins with an empty cache, and fetches nothing that is not asked for. */
describe.skipIf(missing !== undefined)('on S3 (RustFS), with an empty cache', () =>
  runSqlFiles(() => startS3TestServer({ cacheSize: 0, mergeGap: 0 })),
);
