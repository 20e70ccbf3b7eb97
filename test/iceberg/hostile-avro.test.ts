import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readContainer } from '../../src/iceberg/avro/container.js';
import { AvroCursor } from '../../src/iceberg/avro/cursor.js';

const long = (value: number): Buffer => {
  const bytes: number[] = [];
  let rest = BigInt(value) * 2n;
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
};
const text = (value: string) => Buffer.concat([long(value.length), Buffer.from(value)]);

function container(codec: string, count: number, block: Uint8Array): Uint8Array {
  const sync = Buffer.alloc(16, 7);
  const head = [Buffer.from('Obj\x01'), long(1), text('avro.codec'), text(codec), long(0), sync];
  return Buffer.concat([...head, long(count), long(block.length), block, sync]);
}
const blocks = (bytes: Uint8Array) => () => [...readContainer(bytes).blocks];
const dataLoss = expect.objectContaining({ code: 'DATA_LOSS' });

describe('an Avro file made to do harm is DATA_LOSS', () => {
  it('where it claims more records than it has bytes', () => {
    expect(blocks(container('null', 3, Buffer.from('abc')))()).toHaveLength(1);
    expect(blocks(container('null', 2 ** 50, Buffer.from('abc')))).toThrow(dataLoss);
  });

  it('where a list claims more items than it has bytes', () => {
    for (const method of ['items', 'skipItems'] as const) {
      const cursor = new AvroCursor(Buffer.concat([long(2 ** 50), long(0)]));
      expect(() => cursor[method](() => undefined)).toThrow(dataLoss);
    }
  });

  it('where a block unpacks to more memory than any block needs', () => {
    expect(blocks(container('deflate', 1, deflateRawSync(Buffer.alloc(300 * 2 ** 20))))).toThrow(dataLoss);
    expect(blocks(container('snappy', 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 0])))).toThrow(dataLoss);
    expect(blocks(container('deflate', 1, Buffer.from('no deflate')))).toThrow(dataLoss);
  });
});

it('a codec that is not known is refused by name', () => {
  for (const codec of ['bzip2', 'xz']) {
    const refusal = { code: 'UNIMPLEMENTED', message: `Avro files compressed with ${codec} are not supported` };
    expect(blocks(container(codec, 1, Buffer.from('x')))).toThrow(expect.objectContaining(refusal));
  }
});
