import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeDeletionVector, encodeDeletionVector } from '../../src/iceberg/deletes/deletion-vector.js';
import type { DataFile } from '../../src/iceberg/types.js';
import { DeletionVectorWriter } from '../../src/iceberg/write/deletion-vectors.js';

const warehouse = new URL('../fixtures/warehouse/', import.meta.url);
const puffinFiles = readdirSync(warehouse, { recursive: true })
  .map(String)
  .filter((path) => path.endsWith('.puffin'));

interface Blob {
  offset: number;
  length: number;
  properties: Record<string, string>;
}

function footerOf(bytes: Buffer): { blobs: Blob[]; raw: string } {
  const length = bytes.readInt32LE(bytes.length - 12);
  const raw = bytes.subarray(bytes.length - 12 - length, bytes.length - 12).toString();
  return { ...(JSON.parse(raw) as { blobs: Blob[] }), raw };
}

const range = (from: number, to: number, step = 1) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, index) => BigInt(from + index * step));

describe('a deletion vector that is written', () => {
  it.each([
    ['one position', [7n]],
    ['few positions', [0n, 5n, 65535n, 65536n, 70000n]],
    ['a run', range(10, 5000)],
    ['a run and values beside it', [...range(10, 5000), 6000n, 6002n, 6004n]],
    ['many positions that are no runs', range(1, 60000, 3)],
    [
      'each form in more than four containers',
      [...range(0, 65536, 2), ...range(65536, 200000), ...range(200001, 400000, 7)],
    ],
    ['positions beyond 32 bits', [3n, (1n << 32n) + 1n, (1n << 32n) + 2n, (5n << 32n) + 65536n]],
    ['a whole container', range(65536, 131072)],
  ])('is read back: %s', (_, positions) => {
    const bytes = encodeDeletionVector(BigInt64Array.from(positions));
    expect([...decodeDeletionVector(bytes, 'x.puffin')]).toEqual(positions);
  });

  it.each(puffinFiles)("is the very one that Iceberg's own core writes: %s", (path) => {
    const bytes = readFileSync(new URL(path, warehouse));
    for (const { offset, length } of footerOf(bytes).blobs) {
      const theirs = bytes.subarray(offset, offset + length);
      expect(Buffer.from(encodeDeletionVector(decodeDeletionVector(theirs, path)))).toEqual(theirs);
    }
  });
});

describe('a Puffin file that is written', () => {
  const path = puffinFiles[0] as string;
  const theirs = readFileSync(new URL(path, warehouse));
  const footer = footerOf(theirs);
  const file = (location: string) => ({ location, specId: 3, partition: ['a', 5] }) as unknown as DataFile;
  const written = () => {
    const writer = new DeletionVectorWriter();
    for (const { offset, length, properties } of footer.blobs) {
      const positions = decodeDeletionVector(theirs.subarray(offset, offset + length), path);
      writer.add({ file: file(properties['referenced-data-file'] as string), positions });
    }
    return writer.finish('s3://b/new.puffin');
  };

  it("differs from that of Iceberg's own core in nothing but who made it", () => {
    const ours = Buffer.from(written().bytes);
    const { raw } = footerOf(ours);
    const creator = /"created-by":"[^"]*"/;
    expect(raw.replace(creator, '')).toBe(footer.raw.replace(creator, ''));
    expect(ours.subarray(0, ours.length - raw.length - 12)).toEqual(
      theirs.subarray(0, theirs.length - footer.raw.length - 12),
    );
    expect(ours.subarray(-8)).toEqual(theirs.subarray(-8));
  });

  it('is described vector by vector, with the partition of the data file', () => {
    const { bytes, deletes } = written();
    expect(deletes).toEqual(
      footer.blobs.map(({ offset, length, properties }) => ({
        content: 'position-deletes',
        format: 'puffin',
        location: 's3://b/new.puffin',
        specId: 3,
        partition: ['a', 5],
        recordCount: Number(properties.cardinality),
        fileSize: bytes.length,
        referencedDataFile: properties['referenced-data-file'],
        contentOffset: offset,
        contentSize: length,
      })),
    );
  });
});
