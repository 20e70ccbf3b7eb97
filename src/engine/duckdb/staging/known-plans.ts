/** Plans of scans that were asked for before. A snapshot never changes, and so what is planned of it stays right. */
import { createHash } from 'node:crypto';
import { serialize } from 'node:v8';
import { LRUCache } from 'lru-cache';
import type { ScanPlan, ScanRequest } from '../../../iceberg/contract.js';
import type { Schema } from '../../../iceberg/types.js';

/** Files of all plans that are kept, and of one; a file takes about a kilobyte. */
const MOST_FILES = 20_000;
const MOST_FILES_OF_ONE = 256;
/** How long a plan is kept that nobody asks for, in milliseconds. */
const LIFETIME = 300_000;

const plans = new LRUCache<string, ScanPlan>({
  maxSize: MOST_FILES,
  sizeCalculation: ({ tasks }) => tasks.length + 1,
  ttl: LIFETIME,
  updateAgeOnGet: true,
});

/** Of a scan whose columns' names are known. */
export type NamedScanRequest = ScanRequest & { schema: Schema };

/**
 * The plan that is known for such a request, or the one that is made now. Whoever is given it leaves it as it is. It is known for as long as the
 * catalog's answer about the table is the same to the same caller, which then has the same metadata.
 */
export async function knownPlan(
  request: NamedScanRequest,
  make: (request: ScanRequest) => Promise<ScanPlan>,
): Promise<ScanPlan> {
  const key = keyOf(request);
  const known = plans.get(key);
  if (known) return known;
  const plan = await make(request);
  if (plan.tasks.length <= MOST_FILES_OF_ONE) plans.set(key, plan);
  return plan;
}

function keyOf(request: NamedScanRequest): string {
  const { metadata, schema, snapshotId, filter, joinKeys, top, columns, statistics } = request;
  const hash = createHash('sha256').update(serialize([snapshotId, filter, joinKeys, top, columns, statistics]));
  return `${numberOf(metadata)} ${numberOf(schema)} ${hash.digest('base64')}`;
}

const numbers = new WeakMap<object, number>();
let last = 0;

/** Tells objects apart that were read from different answers. */
function numberOf(object: object): number {
  const number = numbers.get(object) ?? ++last;
  numbers.set(object, number);
  return number;
}
