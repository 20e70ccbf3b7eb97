/** Lays the files of a snapshot out in manifests anew, by their partitions, so that a scan reads few of them. */
import { SkuaError } from '../../errors.js';
import { inParallel } from '../../parallel.js';
import { loadEntries } from '../manifest/load.js';
import { giveWay } from '../plan/turns.js';
import { partitionSpecById } from '../snapshots.js';
import type { ManifestEntry, ManifestFile, PartitionValue } from '../types.js';
import { compareValues, type Value } from '../values/single-value.js';
import { targetManifestSize } from './merging.js';
import { type Preparation, writeManifest } from './preparation.js';

export interface ManifestOrder {
  specId: number;
  /** Names of partition fields. Default: all of the spec, in its order. */
  sortBy?: readonly string[] | undefined;
}

const manifestsAtATime = 8;

/** Those of other specs stay as they are, and so does a single one that is not too large. */
export async function reorderedManifests(
  preparation: Preparation,
  manifests: readonly ManifestFile[],
  { specId, sortBy }: ManifestOrder,
): Promise<{ manifests: ManifestFile[]; rewritten: number; added: number; entries: number }> {
  const { fields } = partitionSpecById(preparation.metadata, specId);
  const places = (sortBy ?? fields.map(({ name }) => name)).map((name) => placeOf(fields, name));
  const targetSize = targetManifestSize(preparation.metadata);
  const kept = new Set(manifests);
  const outcome = { manifests: [] as ManifestFile[], rewritten: 0, added: 0, entries: 0 };
  for (const content of ['data', 'deletes'] as const) {
    const own = manifests.filter((manifest) => manifest.content === content && manifest.specId === specId);
    const count = Math.ceil(own.reduce((sum, { length }) => sum + length, 0) / targetSize);
    if (own.length === 0 || (own.length === 1 && count === 1)) continue;
    const loaded = await inParallel(own, manifestsAtATime, async (manifest) => {
      await giveWay();
      return loadEntries(preparation, manifest);
    });
    const live = loaded.flat().filter(({ status }) => status !== 'deleted');
    const sorted = live.map(({ file }): ManifestEntry => ({ status: 'existing', file }));
    if (places.length > 0) sorted.sort((one, other) => compareBy(places, one, other));
    const each = Math.ceil(sorted.length / count);
    for (let start = 0; start < sorted.length; start += each) {
      await giveWay();
      outcome.manifests.push(await writeManifest(preparation, content, specId, sorted.slice(start, start + each)));
      outcome.added++;
    }
    for (const manifest of own) kept.delete(manifest);
    outcome.rewritten += own.length;
    outcome.entries += sorted.length;
  }
  outcome.manifests.push(...kept);
  return outcome;
}

function placeOf(fields: readonly { name: string }[], wanted: string): number {
  const place = fields.findIndex(({ name }) => name.toLowerCase() === wanted.toLowerCase());
  if (place >= 0) return place;
  const known = fields.map(({ name }) => name).join(', ');
  throw new SkuaError('INVALID_ARGUMENT', `The partition spec has no field "${wanted}"; it has ${known || 'none'}`);
}

/** Nulls first. */
function compareBy(places: readonly number[], one: ManifestEntry, other: ManifestEntry): number {
  for (const place of places) {
    const [left = null, right = null]: PartitionValue[] = [
      one.file.partition[place] ?? null,
      other.file.partition[place] ?? null,
    ];
    if (left === null || right === null) {
      if (left !== right) return left === null ? -1 : 1;
      continue;
    }
    const order = compareValues(left as Value, right as Value);
    if (order !== 0) return order;
  }
  return 0;
}
