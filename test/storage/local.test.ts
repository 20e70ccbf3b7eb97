import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRangeCache, openStorage, type Storage } from '../../src/storage/index.js';

let base: string;
let root: string;
let storage: Storage;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'skua-local-'));
  root = join(base, 'warehouse');
  await mkdir(root);
  storage = openStorage({ properties: {}, credentials: [] }, { localRoots: [root] });
});

afterEach(() => rm(base, { recursive: true }));

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('local files', () => {
  it('are written, read in ranges, listed and removed below an allowed root', async () => {
    const location = `file://${root}/db/t/data.bin`;
    await storage.write(location, Buffer.from('0123456789'));
    expect(Buffer.from(await storage.read(location)).toString()).toBe('0123456789');
    expect(Buffer.from(await storage.read(location, { offset: 3, length: 4 })).toString()).toBe('3456');
    expect(await storage.size(location)).toBe(10);
    const listed = [];
    for await (const entry of storage.list(`file://${root}/db/`)) listed.push(entry);
    expect(listed).toEqual([{ location, size: 10, modifiedMs: expect.any(Number) }]);
    expect(Math.abs((listed[0]?.modifiedMs ?? 0) - Date.now())).toBeLessThan(600_000);
    await storage.remove([location, location]);
    await expect(storage.read(location)).rejects.toThrow(code('NOT_FOUND'));
  });

  it('are never replaced, and a failed write leaves nothing', async () => {
    const location = join(root, 'a');
    await storage.write(location, Buffer.from('first'));
    await expect(storage.write(location, Buffer.from('second'))).rejects.toThrow(code('ALREADY_EXISTS'));
    expect(Buffer.from(await storage.read(location)).toString()).toBe('first');
    expect(await readdir(root)).toEqual(['a']);
  });

  it('are uploaded as copies; an aborted upload leaves nothing', async () => {
    const source = join(base, 'source');
    await writeFile(source, 'rows');
    await storage.upload(`file://${root}/x`, source);
    expect(Buffer.from(await storage.read(`file://${root}/x`)).toString()).toBe('rows');
    await expect(storage.upload(`file://${root}/y`, source, AbortSignal.abort())).rejects.toThrow(code('CANCELLED'));
    expect(await readdir(root)).toEqual(['x']);
  });

  it.each([
    ['another folder', () => '/etc/passwd'],
    ['a parent', () => `file://${root}/../secret`],
    ['a sibling whose name begins alike', () => `file://${root}-other/secret`],
    ['a symbolic link that leads out', () => `file://${root}/link/secret`],
  ])('outside the allowed roots are refused: %s', async (_, location) => {
    await mkdir(`${root}-other`);
    for (const folder of [base, `${root}-other`]) await writeFile(join(folder, 'secret'), 'secret');
    await symlink(base, join(root, 'link'));
    await expect(storage.read(location())).rejects.toThrow(code('PERMISSION_DENIED'));
    await expect(storage.write(`${location()}-new`, Buffer.from('x'))).rejects.toThrow(code('PERMISSION_DENIED'));
    await expect(storage.remove([location()])).rejects.toThrow(code('PERMISSION_DENIED'));
  });

  it('can not be read at all without allowed roots', async () => {
    const closed = openStorage({ properties: {}, credentials: [] });
    await writeFile(join(root, 'a'), 'a');
    await expect(closed.read(`file://${root}/a`)).rejects.toThrow(code('PERMISSION_DENIED'));
  });

  it('that are larger than any metadata are read by ranges only', async () => {
    await writeFile(join(root, 'large'), '');
    await truncate(join(root, 'large'), 600 * 2 ** 20);
    await expect(storage.read(`file://${root}/large`)).rejects.toThrow(code('RESOURCE_EXHAUSTED'));
    expect(await storage.read(`file://${root}/large`, { offset: 599 * 2 ** 20, length: 3 })).toHaveLength(3);
  });

  it('are neither pipes nor devices nor folders, which could keep a reader for ever', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    await symlink('/dev/zero', join(root, 'device'));
    await mkdir(join(root, 'folder'));
    const cache = createRangeCache({ directory: join(base, 'cache'), capacityBytes: 0, localRoots: [root] });
    for (const name of ['pipe', 'folder', 'device']) {
      const location = `file://${root}/${name}`;
      const file = { store: 'file', location, size: 10, storage };
      for (const work of [
        () => storage.read(location),
        () => storage.read(location, { offset: 0, length: 1 }),
        () => storage.size(location),
        () => cache.ensure(file, [{ offset: 0, length: 1 }]),
      ]) {
        await expect(work()).rejects.toThrow(code('PERMISSION_DENIED'));
      }
    }
    await cache.close();
  });

  it('that are shorter than a range are OUT_OF_RANGE', async () => {
    await storage.write(`file://${root}/a`, Buffer.from('abc'));
    await expect(storage.read(`file://${root}/a`, { offset: 1, length: 5 })).rejects.toThrow(code('OUT_OF_RANGE'));
  });
});

it('of several files to be removed, the others are removed where one can not be', async () => {
  await storage.write(`file://${root}/a`, Buffer.from('a'));
  await storage.write(`file://${root}/b`, Buffer.from('b'));
  const removal = storage.remove([`file://${root}/a`, 'file:///etc/passwd', `file://${root}/b`]);
  await expect(removal).rejects.toThrow(code('PERMISSION_DENIED'));
  await expect(storage.read(`file://${root}/b`)).rejects.toThrow(code('NOT_FOUND'));
});

it('a name that is too long for a file can not be written, read or in the way of a removal', async () => {
  const location = `file://${root}/${'x'.repeat(300)}/a`;
  await expect(storage.write(location, Buffer.from('a'))).rejects.toThrow(code('INVALID_ARGUMENT'));
  await expect(storage.read(location)).rejects.toThrow(code('NOT_FOUND'));
  await storage.remove([location]);
});

it('a location of another kind is INVALID_ARGUMENT', async () => {
  await expect(storage.read('gs://bucket/key')).rejects.toThrow(code('INVALID_ARGUMENT'));
});
