import { Field, Int32, Int64, List, Map_, Schema, Struct, TimeMicrosecond, Utf8 } from 'apache-arrow';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { type ColumnarBatch, rowsToBatch } from '../../src/arrow/index.js';
import { markdownText, parquetFile, tsvText } from '../../src/formats/index.js';

const SCHEMA = new Schema([new Field('n', new Int32(), true), new Field('text', new Utf8(), true)]);

async function* batches() {
  yield rowsToBatch(SCHEMA, [
    [1, 'a\tb\\\n'],
    [null, null],
  ]);
  yield rowsToBatch(SCHEMA, [[2, 'x|y']]);
}

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

describe('results as text', () => {
  it('between tabs, with escapes, and \\N for null', async () => {
    expect(await textOf(tsvText(SCHEMA, batches()))).toBe('n\ttext\n1\ta\\tb\\\\\\n\n\\N\t\\N\n2\tx|y\n');
  });

  it('as a table of Markdown', async () => {
    expect(await textOf(markdownText(SCHEMA, batches()))).toBe(
      '| n | text |\n| ---: | --- |\n| 1 | a\tb\\\\<br> |\n| NULL | NULL |\n| 2 | x\\|y |\n',
    );
  });
});

async function parquetRows(schema: Schema, batches: AsyncIterable<ColumnarBatch>) {
  const pieces: Uint8Array[] = [];
  for await (const piece of parquetFile(schema, batches)) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  return { rows: await parquetReadObjects({ file }), groups: parquetMetadata(file).row_groups };
}

describe('results as Parquet', () => {
  it('are read back as they were, without rows too', async () => {
    expect((await parquetRows(SCHEMA, batches())).rows).toEqual([
      { n: 1, text: 'a\tb\\\n' },
      { n: null, text: null },
      { n: 2, text: 'x|y' },
    ]);
    expect((await parquetRows(SCHEMA, (async function* () {})())).rows).toEqual([]);
  });

  it('have lists, structs and maps as such, empty or null at each level', async () => {
    const text = (name: string) => new Field(name, new Utf8(), true);
    const entries = new Field(
      'entries',
      new Struct([new Field('key', new Utf8(), false), new Field('value', new Int64(), true)]),
      false,
    );
    const schema = new Schema([
      new Field('list', new List(new Field('item', new List(new Field('item', new Int32(), true)), true)), true),
      new Field('struct', new Struct([text('a'), new Field('b', new List(text('item')), true)]), true),
      new Field('map', new Map_(entries as never), true),
      new Field('at', new TimeMicrosecond(), true),
    ]);
    async function* nested() {
      yield rowsToBatch(schema, [
        [
          [[1, null], [], null],
          { a: 'x', b: ['y', null] },
          [
            ['k', 1n],
            ['l', null],
          ],
          86_399_999_999n,
        ],
        [[], { a: null, b: null }, [], 0n],
        [null, null, null, null],
      ]);
    }
    expect((await parquetRows(schema, nested())).rows).toEqual([
      {
        list: [[1, null], [], undefined],
        struct: { a: 'x', b: ['y', null] },
        map: { k: 1n, l: null },
        at: 86_399_999_999n,
      },
      { list: [], struct: { a: null, b: undefined }, map: {}, at: 0n },
      { list: undefined, struct: undefined, map: undefined, at: null },
    ]);
  });

  it('are written in groups of rows, so that no more is held than one of them', async () => {
    async function* many() {
      for (let from = 0; from < 300_000; from += 100_000) {
        yield rowsToBatch(
          SCHEMA,
          Array.from({ length: 100_000 }, (_, index) => [from + index, 'same']),
        );
      }
    }
    const { rows, groups } = await parquetRows(SCHEMA, many());
    expect(groups.map(({ num_rows: count }) => Number(count))).toEqual([200_000, 100_000]);
    expect(rows.every(({ n }, index) => n === index)).toBe(true);
  });
});
