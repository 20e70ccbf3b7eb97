/** Where the footer of a file is when the file's size is not what the table says. */
import { expect, it } from 'vitest';
import { SkuaError } from '../../src/errors.js';
import { readFooter } from '../../src/parquet/index.js';
import type { Storage } from '../../src/storage/contract.js';
import { writtenFile } from './edited.js';

/** Reads as S3 does: a range that begins behind the end, or goes on behind it, is refused. */
function storageOf(file: Buffer): Storage & { sizes: number } {
  const storage = {
    sizes: 0,
    async read(location: string, { offset, length } = { offset: 0, length: file.length }) {
      if (offset < 0 || offset + length > file.length) throw new SkuaError('OUT_OF_RANGE', `${location} is shorter`);
      return file.subarray(offset, offset + length);
    },
    async size() {
      storage.sizes++;
      return file.length;
    },
  };
  return storage as unknown as Storage & { sizes: number };
}

it.each([-1, 0, 5, 100, 1_000_000])('a size of %s is put right by the store', async (size) => {
  const file = await writtenFile('SELECT 1 AS id');
  const storage = storageOf(file);
  expect(await readFooter(storage, 'f', size)).toMatchObject({ fileSize: file.length, rowCount: 1 });
  expect(storage.sizes).toBe(1);
});

it('a size that is right is not asked for, and a file that is none is refused with it', async () => {
  const file = await writtenFile('SELECT 1 AS id');
  const storage = storageOf(file);
  await readFooter(storage, 'f', file.length);
  expect(storage.sizes).toBe(0);
  const other = Buffer.from('a file of another kind, which is long enough');
  await expect(readFooter(storageOf(other), 'f', other.length)).rejects.toMatchObject({ code: 'DATA_LOSS' });
});

it('what the store refuses is not tried again', async () => {
  const storage = {
    read: () => Promise.reject(new SkuaError('PERMISSION_DENIED', 'no')),
    size: () => Promise.reject(new Error('asked')),
  } as unknown as Storage;
  await expect(readFooter(storage, 'f', 1000)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
});
