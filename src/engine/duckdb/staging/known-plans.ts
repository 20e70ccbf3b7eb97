/** Plans of scans that were asked for before. A snapshot never changes, and so what is planned of it stays right. */
import { createHash } from 'node:crypto';
import { serialize } from 'node:v8';
import { LRUCache } from 'lru-cache';
import type { ScanPlan, ScanRequest } from '../../../iceberg/contract.js';
import type { Schema, TableMetadata } from '../../../iceberg/types.js';

/** For each table as its catalog last described it. */
const MOST_PLANS = 16;
/** Larger plans are made anew, so that what is kept is small beside the metadata. */
const MOST_FILES = 256;

type Plans = LRUCache<string, ScanPlan>;

/** Goes with the metadata that the catalog gave. */
const byMetadata = new WeakMap<TableMetadata, WeakMap<Schema, Plans>>();

/** The plan that is known for such a request, or the one that is made now. Whoever is given it leaves it as it is. */
export async function knownPlan(
  request: ScanRequest & { schema: Schema },
  make: (request: ScanRequest) => Promise<ScanPlan>,
): Promise<ScanPlan> {
  const plans = plansOf(request.metadata, request.schema);
  const { snapshotId, filter, joinKeys, top, columns, statistics } = request;
  const key = createHash('sha256')
    .update(serialize([snapshotId, filter, joinKeys, top, columns, statistics]))
    .digest('base64');
  const known = plans.get(key);
  if (known) return known;
  const plan = await make(request);
  if (plan.tasks.length <= MOST_FILES) plans.set(key, plan);
  return plan;
}

function plansOf(metadata: TableMetadata, schema: Schema): Plans {
  const bySchema = byMetadata.get(metadata) ?? new WeakMap<Schema, Plans>();
  byMetadata.set(metadata, bySchema);
  const plans = bySchema.get(schema) ?? new LRUCache<string, ScanPlan>({ max: MOST_PLANS });
  bySchema.set(schema, plans);
  return plans;
}
