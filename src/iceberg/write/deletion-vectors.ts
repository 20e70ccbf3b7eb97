/** Puffin files of deletion vectors (Puffin specification; Iceberg spec, "Deletion Vectors"). */
import { version } from '../../version.js';
import { encodeDeletionVector } from '../deletes/deletion-vector.js';
import type { DataFile, DeleteFile } from '../types.js';

const magic = Buffer.from('PFA1');
/** Field id of the row position, which is what a vector is about. */
const positionFieldId = 2147483645;
const blobType = 'deletion-vector-v1';

/** The rows of one data file that are deleted, those deleted before included; ascending and distinct. */
export interface DeletedPositions {
  file: DataFile;
  positions: BigInt64Array;
}

/** Gathers vectors into one Puffin file. */
export class DeletionVectorWriter {
  readonly #vectors: { file: DataFile; blob: Uint8Array; offset: number; cardinality: number }[] = [];
  #size = magic.length;

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  add({ file, positions }: DeletedPositions): void {
    const blob = encodeDeletionVector(positions);
    this.#vectors.push({ file, blob, offset: this.#size, cardinality: positions.length });
    this.#size += blob.length;
  }

  /** The file's bytes, and what the table's metadata says of each vector in it. */
  finish(location: string): { bytes: Uint8Array; deletes: DeleteFile[] } {
    const payload = Buffer.from(
      JSON.stringify({ blobs: this.#blobs(), properties: { 'created-by': `Skua ${version}` } }),
    );
    const sizeAndFlags = Buffer.alloc(8);
    sizeAndFlags.writeUInt32LE(payload.length, 0);
    const blobs = this.#vectors.map(({ blob }) => blob);
    const bytes = Buffer.concat([magic, ...blobs, magic, payload, sizeAndFlags, magic]);
    const deletes = this.#vectors.map(
      ({ file, blob, offset, cardinality }): DeleteFile => ({
        content: 'position-deletes',
        location,
        format: 'puffin',
        specId: file.specId,
        partition: file.partition,
        recordCount: cardinality,
        fileSize: bytes.length,
        referencedDataFile: file.location,
        contentOffset: offset,
        contentSize: blob.length,
      }),
    );
    return { bytes, deletes };
  }

  #blobs() {
    return this.#vectors.map(({ file, blob, offset, cardinality }) => ({
      type: blobType,
      fields: [positionFieldId],
      // Both are known once the snapshot is committed, and inherited from it.
      'snapshot-id': -1,
      'sequence-number': -1,
      offset,
      length: blob.length,
      properties: { 'referenced-data-file': file.location, cardinality: String(cardinality) },
    }));
  }
}
