/** Streams as pyarrow writes them: compressed bodies, dictionaries that grow, views of lists, runs. See `streams/generate.py`. */
import { readFileSync } from 'node:fs';
import type { Schema } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { batchToRows, IpcDecoder, readStream } from '../../src/arrow/index.js';
import { unpackLz4 } from '../../src/arrow/lz4.js';
import { SkuaError } from '../../src/errors.js';

const bytesOf = (name: string) => readFileSync(new URL(`streams/${name}.arrows`, import.meta.url));

async function rowsOf(bytes: Uint8Array): Promise<{ schema: Schema; rows: unknown[][] }> {
  let schema: Schema | undefined;
  const rows: unknown[][] = [];
  async function* whole() {
    yield bytes;
  }
  for await (const item of readStream(whole())) {
    if ('nodes' in item) rows.push(...batchToRows(schema as Schema, item));
    else schema = item;
  }
  return { schema: schema as Schema, rows };
}

/** The messages of a stream: header and body. */
function* messagesOf(stream: Uint8Array): Generator<{ header: Uint8Array; body: Uint8Array }> {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  for (let place = 0; view.getInt32(place + 4, true) > 0; ) {
    const start = place + 8 + view.getInt32(place + 4, true);
    const header = stream.subarray(place + 8, start);
    const table = new DataView(header.buffer, header.byteOffset, header.byteLength);
    const root = table.getInt32(0, true);
    const slots = root - table.getInt32(root, true);
    const slot = table.getInt16(slots, true) > 10 ? table.getInt16(slots + 10, true) : 0;
    place = start + (slot === 0 ? 0 : Number(table.getBigInt64(root + slot, true)));
    yield { header, body: stream.subarray(start, place) };
  }
}

describe('streams of other writers', () => {
  it.each(['lz4', 'zstd'])('with bodies in %s', async (codec) => {
    const { rows } = await rowsOf(bytesOf(codec));
    const wanted = Array.from({ length: 200 }, (_, i) => [BigInt(i), i % 7 === 0 ? null : `text ${i % 13}`, '', null]);
    expect(rows).toEqual([...wanted, ...wanted]);
  });

  it('with dictionaries that grow, and that are replaced', async () => {
    expect((await rowsOf(bytesOf('delta'))).rows.flat()).toEqual(['a', 'b', null, 'a', 'a', null, 'd']);
    expect((await rowsOf(bytesOf('replaced'))).rows.flat()).toEqual(['a', 'b', null, 'a', 'x', 'y', 'x']);
  });

  it('with views of lists, and runs', async () => {
    const { schema, rows } = await rowsOf(bytesOf('views-and-runs'));
    expect(schema.fields.map(({ type }) => `${type}`)).toEqual([
      'List<Utf8>',
      'LargeList<Int64>',
      'Utf8',
      'Struct<{q:Int64}>',
      'Struct<{l:List<Utf8>, r:Utf8}>',
    ]);
    const all = [
      [[null, 'd'], [1n, 2n], 'x', { q: 1n }, { l: [null, 'd'], r: 'x' }],
      [['a', 'b', null], [1n, 2n], null, { q: 1n }, { l: ['a', 'b', null], r: null }],
      [[], null, null, { q: null }, { l: [], r: null }],
      [['a'], [4n], 'z', { q: null }, { l: ['a'], r: 'z' }],
    ];
    expect(rows).toEqual([...all, ...all.slice(1)]);
  });

  it.each(['lz4', 'zstd', 'delta', 'views-and-runs'])('harmed, are refused or read (%s)', (name) => {
    const messages = [...messagesOf(bytesOf(name))];
    let state = 7;
    const random = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return state % below;
    };
    for (let round = 0; round < 1500; round++) {
      const decoder = new IpcDecoder({ untrusted: true });
      const harmed = random(messages.length);
      try {
        for (const [index, { header, body }] of messages.entries()) {
          const [ours, theirs] = [Uint8Array.from(header), Uint8Array.from(body)];
          const target = theirs.length > 0 && random(3) > 0 ? theirs : ours;
          if (index === harmed) target[random(target.length)] = random(256);
          const batch = decoder.decode(ours, theirs);
          if (batch) batchToRows(decoder.schema as Schema, batch);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(SkuaError);
        expect((error as SkuaError).code).toMatch(/^(?:INVALID_ARGUMENT|UNIMPLEMENTED|RESOURCE_EXHAUSTED)$/);
      }
    }
  });
});

describe('LZ4 frames', () => {
  const frame = (...blocks: number[]) => Uint8Array.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, ...blocks]);

  it('have literals and matches, that may overlap what they write', () => {
    // 'ab' and a match of 8 bytes, 2 before; then 'c'.
    const bytes = frame(7, 0, 0, 0, 0x24, 0x61, 0x62, 2, 0, 0x10, 0x63, 0, 0, 0, 0);
    expect(Buffer.from(unpackLz4(bytes, 11)).toString()).toBe('abababababc');
    expect(Buffer.from(unpackLz4(frame(1, 0, 0, 0x80, 0x61, 0, 0, 0, 0), 1)).toString()).toBe('a');
  });

  it.each([
    ['a match before the beginning', frame(7, 0, 0, 0, 0x24, 0x61, 0x62, 3, 0, 0x10, 0x63, 0, 0, 0, 0), 11],
    ['more than is announced', frame(7, 0, 0, 0, 0x24, 0x61, 0x62, 2, 0, 0x10, 0x63, 0, 0, 0, 0), 9],
    ['less than is announced', frame(1, 0, 0, 0x80, 0x61, 0, 0, 0, 0), 2],
    ['no end', frame(1, 0, 0, 0x80, 0x61), 1],
    ['another magic number', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 1],
  ])('with %s are refused', (_, bytes, length) => {
    expect(() => unpackLz4(bytes, length)).toThrow('malformed');
  });
});
