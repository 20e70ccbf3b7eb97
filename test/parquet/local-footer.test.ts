/** Files under the footer that the engine reads them by. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { localFooter, parseFooter } from '../../src/parquet/index.js';
import type { Annotation } from '../../src/parquet/types.js';
import { reannotated, withStatistics, writtenFile } from './edited.js';

const storageOf = (file: Buffer) => {
  const reads: { offset: number; length: number }[] = [];
  return {
    reads,
    read: async (_: string, range = { offset: 0, length: file.length }) => {
      reads.push(range);
      return file.subarray(range.offset, range.offset + range.length);
    },
  };
};
const local = (file: Buffer, wanted: Record<number, Annotation> = {}) => {
  const annotations = new Map(Object.entries(wanted).map(([index, annotation]) => [Number(index), annotation]));
  return localFooter(parseFooter(file, 'f', file.length), 'f', file.length, annotations);
};
const text: Annotation = { kind: 'string' };
const none: Annotation = { kind: 'none' };

it('a file that says what the table says has no other footer', async () => {
  const file = await writtenFile("SELECT 1 AS id, 'é' AS s, 1.5::DECIMAL(9,2) AS d");
  expect(local(file, { 2: text, 3: { kind: 'decimal', precision: 9, scale: 2 } })).toBeUndefined();
});

it('an annotation that the bytes can\u2019t have is left alone', async () => {
  const file = await writtenFile('SELECT 1 AS id, 2.5 AS d');
  expect(local(file, { 1: text, 2: { kind: 'uuid' } })).toBeUndefined();
});

it('files of another annotation are read, whole or by range, as they are up to a footer that has it', async () => {
  const written = await writtenFile("SELECT 'é' AS s, i FROM range(5) t(i)");
  const file = reannotated(written, { 1: none });
  const found = local(file, { 1: text });
  const storage = storageOf(file);
  const whole = Buffer.from((await found?.view(storage).read('f')) ?? []);
  expect(whole.length).toBe(found?.size);
  const footer = parseFooter(whole, 'f', whole.length);
  expect(footer.elements.map(({ annotation }) => annotation.kind)).toEqual(['none', 'string', 'integer']);
  expect(footer.rowGroups[0]?.chunks[0]?.statistics).toMatchObject({ min: undefined, max: undefined, nullCount: 0 });
  expect(footer.rowGroups[0]?.chunks[1]?.statistics?.min).toBeDefined();
  const start = file.length - parseFooter(file, 'f', file.length).length;
  expect(whole.subarray(0, start).equals(file.subarray(0, start))).toBe(true);
  for (let offset = 0; offset < whole.length; offset += 61) {
    const length = Math.min(61, whole.length - offset);
    const read = await found?.view(storage).read('f', { offset, length });
    expect(Buffer.from(read ?? []).equals(whole.subarray(offset, offset + length))).toBe(true);
  }
  const asked = storageOf(file);
  await found?.view(asked).read('f', { offset: whole.length - footer.length, length: footer.length });
  expect(asked.reads).toEqual([]);
});

it('different readings of one file have different names, and one reading is made once', async () => {
  const file = await writtenFile("SELECT 'x' AS a, 'y' AS b");
  const footer = parseFooter(file, 'f', file.length);
  const read = (wanted: [number, Annotation][]) => localFooter(footer, 'f', file.length, new Map(wanted));
  expect(read([[1, none]])).toBe(read([[1, none]]));
  expect(read([[1, none]])?.name).not.toBe(read([[2, none]])?.name);
});

it('statistics that are uncertain are left out, and the certain ones stay', async () => {
  const written = await writtenFile("SELECT 1 AS i, 'a' AS s");
  const file = withStatistics(written, { 1: { 1: Buffer.from('z'), 2: Buffer.from('a'), 3: 0 } });
  const footer = local(file)?.footer;
  const [whole, words] = footer?.rowGroups[0]?.chunks ?? [];
  expect(whole?.statistics?.max).toBeDefined();
  expect(words?.statistics).toEqual({
    min: undefined,
    max: undefined,
    nullCount: 0,
    doubts: { bounds: false, nulls: false },
  });
});

it('a chunk of split byte streams is unpacked once for all of its ranges', async () => {
  const file = readFileSync(new URL('files/split-v1.parquet', import.meta.url));
  const found = local(file);
  const chunk = found?.footer.rowGroups[0]?.chunks[0];
  const storage = storageOf(file);
  const view = found?.view(storage);
  const { offset, length } = chunk?.range ?? { offset: 0, length: 0 };
  const whole = Buffer.from((await view?.read('f', { offset, length })) ?? []);
  expect(chunk?.codec).toBe('UNCOMPRESSED');
  for (let at = 0; at < length; at += 50) {
    const read = await view?.read('f', { offset: offset + at, length: Math.min(50, length - at) });
    expect(Buffer.from(read ?? []).equals(whole.subarray(at, Math.min(at + 50, length)))).toBe(true);
  }
  expect(storage.reads).toHaveLength(1);
});

it('pages that are not what their headers say: DATA_LOSS', async () => {
  const file = Buffer.from(readFileSync(new URL('files/split-v1.parquet', import.meta.url)));
  file.fill(0xff, 8, 60);
  const found = local(file);
  const range = found?.footer.rowGroups[0]?.chunks[0]?.range;
  await expect(found?.view(storageOf(file)).read('f', range)).rejects.toMatchObject({ code: 'DATA_LOSS' });
});
