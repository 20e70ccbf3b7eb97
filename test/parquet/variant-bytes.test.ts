import { expect, it } from 'vitest';
import { variantProblem } from '../../src/parquet/index.js';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const noKeys = '01 00 00';
/** Keys `a` and `b`, sorted. */
const twoKeys = '11 02 00 01 02 61 62';

it.each([
  ['null', noKeys, '00'],
  ['true and false', noKeys, '03 02 00 01 02 04 08'],
  [
    'whole numbers of 8, 16, 32 and 64 bits',
    noKeys,
    '03 04 00 02 05 0a 13 0c 7f 10 ff 7f 14 ff ff ff 7f 18 ff ff ff ff ff ff ff 7f',
  ],
  ['a double and a float', noKeys, '03 02 00 09 0e 1c 00 00 00 00 00 00 f8 3f 38 00 00 c0 3f'],
  ['a decimal of 4 bytes', noKeys, '20 02 7b 00 00 00'],
  ['a decimal of 16 bytes', noKeys, '28 26 ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff'],
  ['a date', noKeys, '2c cb 4d 00 00'],
  ['a time', noKeys, '44 ff 5f d7 1d 14 00 00 00'],
  ['a timestamp in nanoseconds', noKeys, '4c 15 cd 5b 07 00 00 00 00'],
  ['a UUID', noKeys, '50 f2 4f 9b 64 81 fa 49 d1 b7 4e 8c 09 a6 e3 1c 56'],
  ['short and long text', noKeys, '03 02 00 02 08 05 78 40 01 00 00 00 79'],
  ['bytes', noKeys, '3c 02 00 00 00 00 ff'],
  ['an object', twoKeys, '02 02 00 01 00 01 03 08 0c 01'],
  ['an object whose values lie in another order', twoKeys, '02 02 00 01 02 00 03 0c 01 08'],
  ['an empty object and an empty array', noKeys, '03 02 00 03 06 02 00 00 03 00 00'],
])('takes %s', (_, metadata, value) => {
  expect(variantProblem(bytes(metadata), bytes(value))).toBeUndefined();
});

it.each([
  ['no bytes', '', ''],
  ['metadata of another version', '02 00 00', '00'],
  ['metadata that ends early', '01 02 00 01', '00'],
  ['a key that is no UTF-8', '01 01 00 01 ff', '00'],
  ['a text that is no UTF-8', noKeys, '05 ff'],
  ['an unknown type', noKeys, '54'],
  ['a number that ends early', noKeys, '14 01 02'],
  ['a text that is longer than the value', noKeys, '40 05 00 00 00 78'],
  ['bytes behind the value', noKeys, '00 00'],
  ['a key that the metadata lacks', noKeys, '02 01 00 00 01 00'],
  ['keys out of order', twoKeys, '02 02 01 00 00 01 03 08 0c 01'],
  ['one key twice', twoKeys, '02 02 00 00 00 01 02 08 08'],
  ['an array of itself', noKeys, '03 02 00 00 01 00'],
  ['values in one another', noKeys, '03 02 00 00 02 0c 01'],
  ['a decimal of more digits than its bytes hold', noKeys, '20 0a 01 00 00 00'],
  ['a time that no day has', noKeys, '44 00 60 d7 1d 14 00 00 00'],
])('refuses %s', (_, metadata, value) => {
  expect(variantProblem(bytes(metadata), bytes(value))).toEqual(expect.any(String));
});

it('refuses what is nested too deep', () => {
  let value = Buffer.from([0]);
  for (let depth = 0; depth < 250; depth++) {
    const head = Buffer.from([0x13, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    head[0] = 0x0f;
    head.writeUInt32LE(value.length, 6);
    value = Buffer.concat([head, value]);
  }
  expect(variantProblem(bytes(noKeys), value)).toMatch(/levels/);
});
