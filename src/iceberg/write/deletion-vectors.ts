/** Puffin files of deletion vectors (Puffin specification; Iceberg spec, "Deletion Vectors"). */
import { encodeDeletionVector } from '../deletes/deletion-vector.js';
import type { DataFile, DeleteFile } from '../types.js';
import { FIRST_BLOB, type PuffinBlob, puffinFile } from './puffin.js';

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
  #size = FIRST_BLOB;

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
    const { bytes } = puffinFile(this.#blobs());
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

  #blobs(): PuffinBlob[] {
    return this.#vectors.map(({ file, blob, cardinality }) => ({
      bytes: blob,
      type: blobType,
      fields: [positionFieldId],
      // Both are known once the snapshot is committed, and inherited from it.
      snapshotId: -1n,
      sequenceNumber: -1,
      properties: { 'referenced-data-file': file.location, cardinality: String(cardinality) },
    }));
  }
}
