/** Puffin files (Puffin specification, "File structure"): blobs one behind the other, and a footer in JSON that tells of them. */
import { writeJson } from '../../json.js';
import { version } from '../../version.js';

const magic = Buffer.from('PFA1');

/** Where the first blob of a file begins, in bytes. */
export const FIRST_BLOB = magic.length;

export interface PuffinBlob {
  bytes: Uint8Array;
  type: string;
  /** Field ids. */
  fields: number[];
  /** Both -1 where they are inherited from the commit. */
  snapshotId: bigint;
  sequenceNumber: number;
  properties: Record<string, string>;
}

/** The file's bytes, and those of its footer, which begins with a magic of its own. */
export function puffinFile(blobs: readonly PuffinBlob[]): { bytes: Uint8Array; footerSize: number } {
  let offset = FIRST_BLOB;
  const described = blobs.map(({ bytes, type, fields, snapshotId, sequenceNumber, properties }) => {
    const place = { offset, length: bytes.length };
    offset += bytes.length;
    return { type, fields, 'snapshot-id': snapshotId, 'sequence-number': sequenceNumber, ...place, properties };
  });
  const footer = { blobs: described, properties: { 'created-by': `Skua ${version}` } };
  const payload = Buffer.from(writeJson(footer));
  const sizeAndFlags = Buffer.alloc(8);
  sizeAndFlags.writeUInt32LE(payload.length, 0);
  const tail = [magic, payload, sizeAndFlags, magic];
  const bytes = Buffer.concat([magic, ...blobs.map((blob) => blob.bytes), ...tail]);
  return { bytes, footerSize: bytes.length - offset };
}
