/** Roaring bitmaps in the portable format (Roaring bitmap format specification), 64-bit extension as deletion vectors use it. */
import { SkuaError } from '../../errors.js';

const cookieWithRuns = 12347;
const cookieWithoutRuns = 12346;
const arrayLimit = 4096;
const noOffsetThreshold = 4;
const bitmapBytes = 8192;
/** A key of 16 bits each. */
const mostContainers = 0x10000;

/** All positions, ascending, at most `most`: the number of bitmaps as 64 bits, then for each its 32-bit key and a 32-bit bitmap; little-endian. */
export function readRoaring64(bytes: Uint8Array, most = Number.MAX_SAFE_INTEGER): BigInt64Array {
  const reader = new Reader(bytes);
  const count = Number(reader.u64());
  const parts: { high: number; low: Uint32Array }[] = [];
  let total = 0;
  for (let index = 0; index < count; index++) {
    const high = reader.u32();
    const low = readRoaring32(reader, most - total);
    parts.push({ high, low });
    total += low.length;
  }
  const positions = new BigInt64Array(total);
  // Halves, since a bigint for each position takes many times as long.
  const halves = new Uint32Array(positions.buffer);
  let next = 0;
  for (const { high, low } of parts) {
    for (const value of low) {
      halves[next++] = value;
      halves[next++] = high;
    }
  }
  return positions;
}

function readRoaring32(reader: Reader, most: number): Uint32Array {
  const cookie = reader.u32();
  const hasRuns = (cookie & 0xffff) === cookieWithRuns;
  if (!hasRuns && cookie !== cookieWithoutRuns) throw corrupt();
  const count = hasRuns ? (cookie >>> 16) + 1 : reader.u32();
  if (count > mostContainers) throw corrupt();
  const isRun = hasRuns ? reader.take((count + 7) >> 3) : new Uint8Array((count + 7) >> 3);
  const headers = Array.from({ length: count }, () => ({ key: reader.u16(), cardinality: reader.u16() + 1 }));
  if (!hasRuns || count >= noOffsetThreshold) reader.take(count * 4);
  const total = headers.reduce((sum, { cardinality }) => sum + cardinality, 0);
  if (total > most) throw corrupt();
  const values = new Uint32Array(total);
  let next = 0;
  const add = (value: number) => {
    if (next >= values.length) throw corrupt();
    values[next++] = value;
  };
  headers.forEach(({ key, cardinality }, index) => {
    const base = key * 0x10000;
    if (((isRun[index >> 3] as number) >> (index & 7)) & 1) {
      const runs = reader.u16();
      for (let run = 0; run < runs; run++) {
        const start = reader.u16();
        const length = reader.u16();
        for (let offset = 0; offset <= length; offset++) add(base + start + offset);
      }
    } else if (cardinality <= arrayLimit) {
      for (let item = 0; item < cardinality; item++) add(base + reader.u16());
    } else {
      reader.take(bitmapBytes).forEach((byte, position) => {
        for (let bit = 0; byte >> bit !== 0; bit++) if ((byte >> bit) & 1) add(base + position * 8 + bit);
      });
    }
  });
  if (next !== values.length) throw corrupt();
  return values;
}

class Reader {
  readonly #bytes: Uint8Array;
  #position = 0;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  take(length: number): Uint8Array {
    const start = this.#position;
    if (start + length > this.#bytes.length) throw corrupt();
    this.#position += length;
    return this.#bytes.subarray(start, start + length);
  }

  u16(): number {
    const start = this.#advance(2);
    return this.#view.getUint16(start, true);
  }

  u32(): number {
    const start = this.#advance(4);
    return this.#view.getUint32(start, true);
  }

  u64(): bigint {
    const start = this.#advance(8);
    return this.#view.getBigUint64(start, true);
  }

  #advance(length: number): number {
    const start = this.#position;
    if (start + length > this.#bytes.length) throw corrupt();
    this.#position += length;
    return start;
  }
}

function corrupt(): SkuaError {
  return new SkuaError('DATA_LOSS', 'A deletion vector is corrupt');
}
