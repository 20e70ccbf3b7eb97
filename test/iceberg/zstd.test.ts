import { describe, expect, it } from 'vitest';
import { decompressFrames, decompressZstd } from '../../src/iceberg/avro/zstd.js';

const text = 'row 1 of a manifest; '.repeat(50);
/** Written by the library of Python. */
const compressed = {
  'with its length': 'KLUv/WAaA+0AAKhyb3cgMSBvZiBhIG1hbmlmZXN0OyABAAXAfzIB',
  'without its length, with a checksum': 'KLUv/QQI7QAAqHJvdyAxIG9mIGEgbWFuaWZlc3Q7IAEABcB/MgEqzvNQ',
  'in two frames':
    'KLUv/SBk5QAAqHJvdyAxIG9mIGEgbWFuaWZlc3Q7IAEAGdHJBCi1L/0AAOUAAKhlc3Q7IHJvdyAxIG9mIGEgbWFuaWYBAD1jNZk=',
};
const bytesOf = (name: keyof typeof compressed) => Buffer.from(compressed[name], 'base64');

/** A frame whose blocks repeat one byte 131072 times each, with a window of 128 KB or as its descriptor says. */
function repeated(blocks: number, window = 0x38): Uint8Array {
  const frame = [0x28, 0xb5, 0x2f, 0xfd, 0, window];
  for (let index = 1; index <= blocks; index++) frame.push(index === blocks ? 3 : 2, 0, 0x10, 7);
  return Uint8Array.from(frame);
}

describe('Zstandard', () => {
  it.each(Object.keys(compressed) as (keyof typeof compressed)[])('takes content %s', (name) => {
    expect(Buffer.from(decompressFrames(bytesOf(name), 1 << 20)).toString()).toBe(text);
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 1]);
    expect(Buffer.from(decompressFrames(Buffer.concat([skippable, bytesOf(name)]), 1 << 20)).toString()).toBe(text);
  });

  it('takes content up to the limit and refuses what is longer', () => {
    expect(decompressFrames(repeated(2), 262144)).toHaveLength(262144);
    expect(() => decompressFrames(repeated(3), 262144)).toThrow();
    expect(() => decompressFrames(bytesOf('with its length'), 1000)).toThrow();
    expect(() => decompressFrames(repeated(100_000), 256 * 2 ** 20)).toThrow();
  });

  it('refuses what is cut off or no frame', () => {
    const whole = bytesOf('without its length, with a checksum');
    for (let length = 1; length < whole.length - 4; length++) {
      expect(() => decompressFrames(whole.subarray(0, length), 1 << 20)).toThrow();
    }
    expect(() => decompressFrames(Buffer.from('no frame at all'), 1 << 20)).toThrow();
  });
});

it('allocates no window that is larger than the content may be', () => {
  expect(() => decompressFrames(repeated(1, 0xa0), 1 << 20)).toThrow(/window/);
});

it('takes a whole frame, whatever Node it runs on, and says DATA_LOSS for what is longer', () => {
  expect(Buffer.from(decompressZstd(bytesOf('with its length'), 1 << 20)).toString()).toBe(text);
  expect(() => decompressZstd(repeated(9), 1000)).toThrow(expect.objectContaining({ code: 'DATA_LOSS' }));
});
