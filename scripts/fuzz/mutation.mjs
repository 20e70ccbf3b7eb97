/** Small harm to something sound: what a damaged disk, a careless writer or an attacker makes of it. */

const integers = [0, 1, -1, 2, 127, 128, 255, 256, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 62, -(2 ** 31), 4e15];
const values = [
  null,
  true,
  '',
  '..',
  '../../../etc/passwd',
  'file:///etc/passwd',
  's3://other/key',
  'x'.repeat(10_000),
  '\u0000',
  '\ud800',
  '__proto__',
  'constructor',
  'decimal(9999,-1)',
  'fixed[99999999999]',
  'bucket[0]',
  [],
  {},
  [[]],
  1e308,
  0.5,
  ...integers,
];

export const pick = (random, list) => list[Math.floor(random() * list.length)];

/** A few changes to bytes: bits, bytes, numbers as several formats write them, parts that go, come twice or change places. */
export function harmBytes(random, bytes) {
  let harmed = Buffer.from(bytes);
  const times = 1 + Math.floor(random() ** 3 * 8);
  for (let time = 0; time < times; time++) {
    const at = Math.floor(random() * harmed.length);
    const length = 1 + Math.floor(random() ** 4 * 64);
    switch (Math.floor(random() * 7)) {
      case 0:
        if (harmed.length > 0) harmed[at] ^= 1 << Math.floor(random() * 8);
        break;
      case 1:
        if (harmed.length > 0) harmed[at] = pick(random, [0, 1, 0x7f, 0x80, 0xff]);
        break;
      case 2:
        harmed = harmed.subarray(0, at);
        break;
      case 3:
        harmed = Buffer.concat([harmed.subarray(0, at), harmed.subarray(at + length)]);
        break;
      case 4:
        harmed = Buffer.concat([harmed.subarray(0, at + length), harmed.subarray(at)]);
        break;
      case 5:
        // A number in as many bytes as it takes, as Avro, Thrift and Protobuf have it.
        harmed = Buffer.concat([harmed.subarray(0, at), varint(pick(random, integers)), harmed.subarray(at + 1)]);
        break;
      default:
        if (at + 4 <= harmed.length) harmed.writeInt32LE(Number(BigInt.asIntN(32, BigInt(pick(random, integers)))), at);
    }
  }
  return harmed;
}

function varint(value) {
  let rest = BigInt.asUintN(64, BigInt(value) * 2n);
  const bytes = [];
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}

/** A few changes to a JSON value, as a copy: members that go, that others take the place of, and lists that grow. */
export function harmJson(random, json) {
  const copy = structuredClone(json);
  const times = 1 + Math.floor(random() ** 3 * 5);
  for (let time = 0; time < times; time++) {
    const holders = [];
    const collect = (value) => {
      if (typeof value !== 'object' || value === null) return;
      if (Object.keys(value).length > 0) holders.push(value);
      for (const member of Object.values(value)) collect(member);
    };
    collect(copy);
    if (holders.length === 0) return copy;
    const holder = pick(random, holders);
    const key = pick(random, Object.keys(holder));
    const choice = random();
    if (choice < 0.2) delete holder[key];
    else if (choice < 0.4) holder[key] = structuredClone(pick(random, Object.values(pick(random, holders))) ?? null);
    else if (choice < 0.5 && Array.isArray(holder)) holder.push(...structuredClone(holder));
    else holder[key] = structuredClone(pick(random, values));
  }
  return copy;
}
