import { expect, test } from 'vitest';
import { SkuaError } from '../../src/errors.js';
import { createMetadataCache } from '../../src/iceberg/index.js';
import { decodeMetadataFile } from '../../src/iceberg/manifest/load.js';
import type { Storage } from '../../src/storage/contract.js';

const location = 's3://bucket/m.avro';
const sound = Buffer.from('sound');
const torn = Buffer.from('torn!');

/** A store that answers with one after the other, and with the last one from then on. */
function sourceOf(...answers: Buffer[]) {
  let reads = 0;
  const read = async () => Buffer.from(answers[Math.min(reads++, answers.length - 1)] as Uint8Array);
  return { storage: { read } as unknown as Storage, cache: createMetadataCache(1000), reads: () => reads };
}

function decode(bytes: Uint8Array): string {
  if (Buffer.from(bytes).equals(torn)) throw new TypeError('cannot read what is not there');
  return Buffer.from(bytes).toString();
}

test('metadata that can not be decoded is read once more, and kept once it can', async () => {
  const source = sourceOf(torn, sound);
  expect(await decodeMetadataFile(source, { location }, decode)).toBe('sound');
  expect(await decodeMetadataFile(source, { location }, decode)).toBe('sound');
  expect(source.reads()).toBe(2);
});

test('metadata that stays undecodable is DATA_LOSS that names it, and is not kept', async () => {
  const source = sourceOf(torn, torn, sound);
  await expect(decodeMetadataFile(source, { location }, decode)).rejects.toMatchObject({
    code: 'DATA_LOSS',
    message: expect.stringContaining(location),
  });
  expect(await decodeMetadataFile(source, { location }, decode)).toBe('sound');
});

test('a manifest of another length than its list says is read once more, then counts as it is, and is kept', async () => {
  const source = sourceOf(sound);
  expect(await decodeMetadataFile(source, { location, length: 5 }, decode)).toBe('sound');
  expect(source.reads()).toBe(1);
  source.cache?.forget(location);
  expect(await decodeMetadataFile(source, { location, length: 4 }, decode)).toBe('sound');
  expect(await decodeMetadataFile(source, { location, length: 4 }, decode)).toBe('sound');
  expect(source.reads()).toBe(3);
});

test('what is refused for another reason is not read again', async () => {
  const source = sourceOf(sound);
  const refuse = () => {
    throw new SkuaError('UNIMPLEMENTED', 'no such codec');
  };
  await expect(decodeMetadataFile(source, { location }, refuse)).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
  expect(source.reads()).toBe(1);
});
