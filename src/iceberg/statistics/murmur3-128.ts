/** MurmurHash3, x64, 128 bits; of the result the first 64 bits. Numbers of 64 bits are pairs of 32, since a double holds 53. */

/** The halves of the last result, as unsigned 32-bit numbers. */
export interface Hash64 {
  high: number;
  low: number;
}

const C1 = [0x87c37b91, 0x114253d5] as const;
const C2 = [0x4cf5ad43, 0x2745937f] as const;

/** The halves of the product in hand. */
let high = 0;
let low = 0;

function multiply(h: number, l: number, otherHigh: number, otherLow: number): void {
  const l0 = l & 0xffff;
  const l1 = l >>> 16;
  const m0 = otherLow & 0xffff;
  const m1 = otherLow >>> 16;
  const p00 = l0 * m0;
  const p01 = l0 * m1;
  const p10 = l1 * m0;
  const middle = (p00 >>> 16) + (p01 & 0xffff) + (p10 & 0xffff);
  const carried = l1 * m1 + Math.floor(p01 / 65536) + Math.floor(p10 / 65536) + Math.floor(middle / 65536);
  high = (carried + Math.imul(h, otherLow) + Math.imul(l, otherHigh)) | 0;
  low = ((middle & 0xffff) << 16) | (p00 & 0xffff);
}

function rotate(bits: number): void {
  const [h, l] = [high, low];
  if (bits < 32) {
    high = (h << bits) | (l >>> (32 - bits));
    low = (l << bits) | (h >>> (32 - bits));
  } else {
    const rest = bits - 32;
    high = (l << rest) | (h >>> (32 - rest));
    low = (h << rest) | (l >>> (32 - rest));
  }
}

function add(h: number, l: number): void {
  const sum = (low >>> 0) + (l >>> 0);
  high = (high + h + (sum > 0xffffffff ? 1 : 0)) | 0;
  low = sum | 0;
}

function mix(h: number, l: number, first: readonly [number, number], bits: number, second: readonly [number, number]) {
  multiply(h, l, first[0], first[1]);
  rotate(bits);
  multiply(high, low, second[0], second[1]);
}

function finish(): void {
  low ^= high >>> 1;
  multiply(high, low, 0xff51afd7, 0xed558ccd);
  low ^= high >>> 1;
  multiply(high, low, 0xc4ceb9fe, 0x1a85ec53);
  low ^= high >>> 1;
}

/** Hashes `length` bytes from `start` into `into`. The seed is of 32 bits. */
export function murmur3(bytes: Uint8Array, start: number, length: number, seed: number, into: Hash64): void {
  let [h1, l1, h2, l2] = [0, seed | 0, 0, seed | 0];
  const word = (at: number) =>
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24);
  const end = start + length;
  let at = start;
  for (; at + 16 <= end; at += 16) {
    mix(word(at + 4), word(at), C1, 31, C2);
    high ^= h1;
    low ^= l1;
    rotate(27);
    add(h2, l2);
    multiply(high, low, 0, 5);
    add(0, 0x52dce729);
    [h1, l1] = [high, low];
    mix(word(at + 12), word(at + 8), C2, 33, C1);
    high ^= h2;
    low ^= l2;
    rotate(31);
    add(h1, l1);
    multiply(high, low, 0, 5);
    add(0, 0x38495ab5);
    [h2, l2] = [high, low];
  }
  const rest = end - at;
  const part = (from: number) => {
    let value = 0;
    for (let index = 0; index < 4 && from + index < rest; index++) {
      value |= (bytes[at + from + index] as number) << (8 * index);
    }
    return value;
  };
  if (rest > 8) {
    mix(part(12), part(8), C2, 33, C1);
    h2 ^= high;
    l2 ^= low;
  }
  if (rest > 0) {
    mix(part(4), part(0), C1, 31, C2);
    h1 ^= high;
    l1 ^= low;
  }
  l1 ^= length;
  l2 ^= length;
  [high, low] = [h1, l1];
  add(h2, l2);
  [h1, l1] = [high, low];
  [high, low] = [h2, l2];
  add(h1, l1);
  [h2, l2] = [high, low];
  [high, low] = [h1, l1];
  finish();
  [h1, l1] = [high, low];
  [high, low] = [h2, l2];
  finish();
  [h2, l2] = [high, low];
  [high, low] = [h1, l1];
  add(h2, l2);
  into.high = high >>> 0;
  into.low = low >>> 0;
}
