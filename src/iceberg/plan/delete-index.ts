/** Which delete files apply to a data file (Iceberg spec, "Scan Planning"). */
import { SkuaError } from '../../errors.js';
import { partitionKey } from '../partition-types.js';
import type { DataFile, DeleteFile, TableMetadata } from '../types.js';
import { compareValues } from '../values/single-value.js';
import { compareTop } from './bounds.js';

/** Reserved field id of the path column in position delete files. */
export const deletePathFieldId = 2147483546;

export class DeleteIndex {
  readonly #vectors = new Map<string, DeleteFile[]>();
  readonly #byFile = new Map<string, DeleteFile[]>();
  readonly #byPartition = new Map<string, DeleteFile[]>();
  readonly #equalityByPartition = new Map<string, DeleteFile[]>();
  readonly #equalityEverywhere: DeleteFile[] = [];
  readonly #isEmpty: boolean;

  constructor(metadata: TableMetadata, deletes: readonly DeleteFile[]) {
    this.#isEmpty = deletes.length === 0;
    const unpartitioned = new Set(
      metadata.partitionSpecs
        .filter(({ fields }) => fields.every(({ transform }) => transform === 'void'))
        .map(({ specId }) => specId),
    );
    for (const file of deletes) {
      requireSequenceNumber(file);
      if (file.content === 'equality-deletes') {
        requireEqualityIds(file);
        if (unpartitioned.has(file.specId)) this.#equalityEverywhere.push(file);
        else append(this.#equalityByPartition, partitionOf(file), file);
      } else if (file.format === 'puffin') append(this.#vectors, referencedBy(file), file);
      else {
        const only = onlyDataFile(file);
        if (only !== undefined) append(this.#byFile, only, file);
        else append(this.#byPartition, partitionOf(file), file);
      }
    }
  }

  /**
   * A deletion vector alone stands for all position deletes of its file. DATA_LOSS where a file has several vectors, or one that is older than
   * itself: which of its rows are deleted can't be told then.
   */
  deletesFor(file: DataFile): DeleteFile[] {
    if (this.#isEmpty) return [];
    const sequence = requireSequenceNumber(file);
    const partition = partitionOf(file);
    const notOlder = (deletes: DeleteFile) => sequence <= (deletes.sequenceNumber ?? 0);
    const vector = this.#vectorOf(file.location, notOlder);
    const positions =
      vector !== undefined
        ? [vector]
        : [
            // Whatever their partition is said to be, as in Iceberg's own reader.
            ...(this.#byFile.get(file.location) ?? []).filter(notOlder),
            ...(this.#byPartition.get(partition) ?? []).filter((d) => notOlder(d) && mayHoldPath(d, file.location)),
          ];
    const equalities = [...this.#equalityEverywhere, ...(this.#equalityByPartition.get(partition) ?? [])].filter(
      (deletes) => sequence < (deletes.sequenceNumber ?? 0),
    );
    return [...positions, ...equalities];
  }

  #vectorOf(location: string, notOlder: (deletes: DeleteFile) => boolean): DeleteFile | undefined {
    const [vector, ...others] = this.#vectors.get(location) ?? [];
    if (others.length > 0) {
      const names = [vector, ...others].map((file) => file?.location).join(', ');
      throw new SkuaError('DATA_LOSS', `The data file ${location} has more than one deletion vector: ${names}`);
    }
    if (vector && !notOlder(vector)) {
      throw new SkuaError(
        'DATA_LOSS',
        `The deletion vector of ${location} is older than the file, by its sequence number`,
      );
    }
    return vector;
  }
}

function requireSequenceNumber({ location, sequenceNumber }: DataFile | DeleteFile): number {
  if (sequenceNumber !== undefined) return sequenceNumber;
  throw new SkuaError('DATA_LOSS', `The manifest entry of ${location} has no sequence number, which deletes go by`);
}

function requireEqualityIds({ location, equalityIds }: DeleteFile): void {
  if (equalityIds && equalityIds.length > 0) return;
  throw new SkuaError('DATA_LOSS', `The equality delete file ${location} does not say which columns it compares`);
}

function referencedBy({ location, referencedDataFile }: DeleteFile): string {
  if (referencedDataFile !== undefined) return referencedDataFile;
  throw new SkuaError('DATA_LOSS', `The deletion vector in ${location} does not say which data file it is of`);
}

function append(index: Map<string, DeleteFile[]>, key: string, file: DeleteFile): void {
  const files = index.get(key);
  if (files) files.push(file);
  else index.set(key, [file]);
}

function partitionOf(file: DataFile | DeleteFile): string {
  return `${file.specId}:${partitionKey(file.partition)}`;
}

/**
 * The one data file that a file of position deletes, or a deletion vector, is about: the one that it names, or that both of its path bounds
 * are, if they are too long to have been cut.
 */
export function onlyDataFile(file: DeleteFile): string | undefined {
  if (file.referencedDataFile !== undefined) return file.referencedDataFile;
  const { lower, upper } = pathBounds(file);
  if (!lower || !upper || Buffer.compare(lower, upper) !== 0) return undefined;
  const path = Buffer.from(lower).toString('utf8');
  return path.length > longestCut ? path : undefined;
}

/** Characters to which writers cut the bounds of text. */
const longestCut = 16;

function mayHoldPath(file: DeleteFile, location: string): boolean {
  const { lower, upper } = pathBounds(file);
  if (lower && upper && Buffer.compare(lower, upper) > 0) return true;
  if (lower && compareValues(lower, location) > 0) return false;
  return !upper || compareTop(upper, location) >= 0;
}

function pathBounds({ lowerBounds, upperBounds }: DeleteFile): { lower?: Uint8Array; upper?: Uint8Array } {
  const [lower, upper] = [lowerBounds?.get(deletePathFieldId), upperBounds?.get(deletePathFieldId)];
  return { ...(lower && { lower }), ...(upper && { upper }) };
}
