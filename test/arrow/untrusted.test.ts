import {
  Bool,
  DataType,
  DateMillisecond,
  Dictionary,
  Field,
  Int32,
  Int64,
  List,
  Map_,
  Schema,
  Struct,
  TimeMicrosecond,
  TimeMillisecond,
  TimeNanosecond,
  TimeSecond,
  Utf8,
} from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { encodeBatch, encodeSchemaMessage, IpcDecoder, rowsToBatch } from '../../src/arrow/index.js';
import { SkuaError } from '../../src/errors.js';

const entries = new Field(
  'entries',
  new Struct([new Field('k', new Utf8(), false), new Field('v', new Int32(), true)]),
  false,
);
const schema = new Schema([
  new Field('n', new Int64(), true),
  new Field('flag', new Bool(), true),
  new Field('text', new Utf8(), true),
  new Field('list', new List(new Field('item', new Utf8(), true)), true),
  new Field('struct', new Struct([new Field('a', new Int32(), true)]), true),
  new Field('map', new Map_(entries as never), true),
]);
const rows = [
  [1n, true, 'äöü', ['a', null, 'b'], { a: 1 }, new Map([['x', 1]])],
  [null, null, null, null, null, null],
  [3n, false, '', [], { a: null }, new Map()],
];
const { header, buffers } = encodeBatch(rowsToBatch(schema, rows));

/** The body as the wire has it: each buffer padded to 8 bytes. */
function bodyOf(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts.flatMap((part) => [part, Buffer.alloc((8 - (part.byteLength % 8)) % 8)])));
}

function decode(schemaMessage: Uint8Array, batchHeader: Uint8Array, body: Uint8Array) {
  const decoder = new IpcDecoder({ untrusted: true });
  decoder.decode(schemaMessage, new Uint8Array(0));
  return decoder.decode(batchHeader, body);
}

function failureOf(work: () => unknown): SkuaError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error as SkuaError;
  }
}

/** A sequence of numbers from 0 to 1 that looks random. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('messages of a stranger', () => {
  const schemaMessage = encodeSchemaMessage(schema);
  const body = bodyOf(buffers);

  it('are taken where they are well formed', () => {
    expect(decode(schemaMessage, header, body)).toMatchObject({ length: 3 });
  });

  it.each([
    [new TimeSecond(), [0, 86_400], [-1, 86_401, -(2 ** 31)]],
    [new TimeMillisecond(), [0, 86_400_000], [-1, 86_400_001]],
    [new TimeMicrosecond(), [0n, 86_400_000_000n], [-1n, 86_400_000_001n, 2n ** 63n - 1n]],
    [new TimeNanosecond(), [0n, 86_400_000_000_000n], [-1n, 86_400_000_000_001n, -(2n ** 63n)]],
    [new DateMillisecond(), [0n, (86_400_000n << 31n) - 1n, -86_400_000n << 31n], [86_400_000n << 31n, -(2n ** 63n)]],
  ])('may hold no %s outside of what there is', (type, held, refused) => {
    const inside = new Field('s', new Struct([new Field('l', new List(new Field('item', type, true)), true)]), true);
    const times = new Schema([new Field('t', type, true), inside]);
    // Dates lie in memory as whole numbers of 64 bits do.
    const stored = DataType.isDate(type) ? new Int64() : type;
    const storedInside = new Struct([new Field('l', new List(new Field('item', stored, true)), true)]);
    const storedTimes = new Schema([new Field('t', stored, true), new Field('s', storedInside, true)]);
    const send = (one: unknown, another: unknown) => {
      const encoded = encodeBatch(
        rowsToBatch(storedTimes, [
          [null, null],
          [one, { l: [null, another] }],
        ]),
      );
      return decode(encodeSchemaMessage(times), encoded.header, bodyOf(encoded.buffers));
    };
    for (const value of held) expect(send(value, value)).toMatchObject({ length: 2 });
    for (const value of refused) {
      expect(failureOf(() => send(value, held[0]))).toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(failureOf(() => send(held[0], value))?.message).toMatch(/^the column s\.l\.element holds/);
    }
  });

  it('of random bytes, or with bytes changed, are INVALID_ARGUMENT or UNIMPLEMENTED, never anything else', () => {
    const random = numbers(1);
    const change = (bytes: Uint8Array) => {
      const changed = new Uint8Array(bytes);
      const values = [0, 1, 127, 128, 255, Math.floor(random() * 256)];
      for (let n = Math.ceil(random() * 3); n > 0; n--) {
        changed[Math.floor(random() * changed.length)] = values[Math.floor(random() * values.length)] as number;
      }
      return changed;
    };
    const garbage = () => Uint8Array.from({ length: Math.floor(random() * 200) }, () => Math.floor(random() * 256));
    const failures = new Map<string, number>();
    for (let round = 0; round < 4000; round++) {
      const failure = failureOf(() => {
        if (round % 4 === 0) decode(change(schemaMessage), header, body);
        else if (round % 4 === 1) decode(schemaMessage, change(header), body);
        else if (round % 4 === 2) decode(schemaMessage, header, change(body));
        else decode(garbage(), garbage(), garbage());
      });
      if (failure === undefined) continue;
      expect(failure).toBeInstanceOf(SkuaError);
      failures.set(failure.code, (failures.get(failure.code) ?? 0) + 1);
    }
    expect([...failures.keys()].filter((code) => code !== 'UNIMPLEMENTED')).toEqual(['INVALID_ARGUMENT']);
    expect(failures.get('INVALID_ARGUMENT')).toBeGreaterThan(1000);
  });

  it.each([
    ['a body that is cut short', header, body.subarray(0, body.byteLength - 8)],
    ['no body', header, new Uint8Array(0)],
  ])('with %s are INVALID_ARGUMENT', (_, batchHeader, short) => {
    expect(failureOf(() => decode(schemaMessage, batchHeader, short))?.code).toBe('INVALID_ARGUMENT');
  });

  const text = new Schema([new Field('text', new Utf8(), true)]);
  const texts = (offsets: number[], data: number[], validity: number[] = []) => {
    const length = offsets.length - 1;
    const nulls = validity.length > 0 ? 1 : 0;
    const parts = [Uint8Array.from(validity), new Uint8Array(Int32Array.from(offsets).buffer), Uint8Array.from(data)];
    const encoded = encodeBatch({ length, nodes: [{ length, nullCount: nulls }], buffers: parts });
    return failureOf(() => decode(encodeSchemaMessage(text), encoded.header, bodyOf(encoded.buffers)))?.message;
  };

  it('may not refer to what is not theirs', () => {
    expect(texts([0, 1, 2], [97, 98])).toBeUndefined();
    expect(texts([0, 1, 1000], [97, 98])).toContain('an offset lies outside');
    expect(texts([0, 2, 1], [97, 98])).toContain('an offset lies outside');
    expect(texts([-4, 1, 2], [97, 98])).toContain('an offset lies outside');
    const longer = encodeBatch({
      length: 1e6,
      nodes: [{ length: 1e6, nullCount: 0 }],
      buffers: [new Uint8Array(0), new Uint8Array(8)],
    });
    const number = encodeSchemaMessage(new Schema([new Field('n', new Int64(), true)]));
    expect(failureOf(() => decode(number, longer.header, bodyOf(longer.buffers)))?.message).toContain('too short');
  });

  it('must be UTF-8 where they are text, but for what lies behind nulls', () => {
    expect(texts([0, 2, 4], [0xc3, 0xa4, 0xc3, 0xb6])).toBeUndefined();
    expect(texts([0, 1, 4], [0xc3, 0xa4, 0xc3, 0xb6])).toContain('UTF-8');
    expect(texts([0, 1, 2], [97, 0xff])).toContain('UTF-8');
    expect(texts([0, 1, 2], [97, 0xff], [1])).toBeUndefined();
  });

  it('may not be nested without end, nor have any number of fields', () => {
    let type: List = new List(new Field('item', new Int32(), true));
    for (let depth = 0; depth < 100; depth++) type = new List(new Field('item', type as never, true)) as never;
    const deep = encodeSchemaMessage(new Schema([new Field('deep', type, true)]));
    expect(failureOf(() => decode(deep, header, body))?.message).toContain('nested deeper');
    const wide = new Schema(Array.from({ length: 20_001 }, (_, n) => new Field(`c${n}`, new Int32(), true)));
    expect(failureOf(() => decode(encodeSchemaMessage(wide), header, body))?.message).toContain('fields');
  });

  it('may not name values that their dictionary lacks', () => {
    const type = new Dictionary(new Utf8(), new Int32(), 1);
    const message = encodeSchemaMessage(new Schema([new Field('word', type, true)]));
    const index = encodeBatch({
      length: 1,
      nodes: [{ length: 1, nullCount: 0 }],
      buffers: [new Uint8Array(0), new Uint8Array(8)],
    });
    expect(failureOf(() => decode(message, index.header, bodyOf(index.buffers)))?.code).toBe('INVALID_ARGUMENT');
  });
});
