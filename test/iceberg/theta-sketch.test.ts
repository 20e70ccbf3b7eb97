import { expect, it } from 'vitest';
import { ThetaSketch } from '../../src/iceberg/statistics/theta-sketch.js';

function sketchOf(values: readonly (bigint | string)[]): ThetaSketch {
  const sketch = new ThetaSketch();
  for (const value of values) {
    if (typeof value === 'string') sketch.add(Buffer.from(value));
    else {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(value);
      sketch.add(bytes);
    }
  }
  return sketch;
}

/** The hashes as Apache DataSketches has them, behind the preamble. */
it.each([
  ['one number', [7n], 'e0f48bea9983c37c'],
  ['some numbers, one of them twice', [1n, 2n, 3n, 2n], '15f97dcbbd86a105c397fc1281709d1eba40b3c1da06695d'],
  [
    'texts of all lengths',
    ['a', 'Skua', 'sixteen bytes ..', 'seventeen bytes ..'],
    '735deec04b95d9259c5992b1fe4eb541cfd25585d6fddc5e17c11d528507017b',
  ],
  ['texts without bytes, which are no values', [''], ''],
] as const)('has the hashes that other readers expect of %s', (_, values, hashes) => {
  const bytes = Buffer.from(sketchOf([...values]).toBytes());
  expect(bytes.subarray(0, 3)).toEqual(Buffer.from([bytes[0] as number, 3, 3]));
  expect(bytes.readUInt16LE(6)).toBe(0x93cc);
  expect(bytes.subarray(8 * (bytes[0] as number)).toString('hex')).toBe(hashes);
});

it('keeps 4096 hashes of many, by which it estimates how many there are', () => {
  const sketch = sketchOf(Array.from({ length: 50_000 }, (_, index) => BigInt(index)));
  const bytes = Buffer.from(sketch.toBytes());
  expect(bytes.readInt32LE(8)).toBe(4096);
  expect(bytes.length).toBe(8 * (3 + 4096));
  expect(sketch.estimate / 50_000).toBeCloseTo(1, 1);
});
