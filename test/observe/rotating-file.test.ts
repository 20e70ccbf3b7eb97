import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RotatingFile } from '../../src/observe/rotating-file.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skua-rotating-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const failed = (error: unknown) => {
  throw error;
};

describe('a rotating file', () => {
  it('holds the lines in their order, for its owner alone', async () => {
    const path = join(folder, 'made', 'log.jsonl');
    const file = new RotatingFile({ path, largest: 1000, kept: 1, onError: failed });
    for (let line = 0; line < 50; line++) file.write(String(line));
    await file.flush();
    expect(await readFile(path, 'utf8')).toBe(Array.from({ length: 50 }, (_, line) => `${line}\n`).join(''));
    expect((await stat(path)).mode & 0o077).toBe(0);
  });

  it('is put aside when it has grown, and the oldest goes', async () => {
    const path = join(folder, 'log');
    const file = new RotatingFile({ path, largest: 25, kept: 2, onError: failed });
    for (const word of ['first', 'second', 'third', 'fourth']) {
      file.write(word.repeat(4));
      await file.flush();
    }
    expect((await readdir(folder)).sort()).toEqual(['log', 'log.1', 'log.2']);
    expect(await readFile(path, 'utf8')).toBe(`${'fourth'.repeat(4)}\n`);
    expect(await readFile(`${path}.2`, 'utf8')).toBe(`${'second'.repeat(4)}\n`);
  });

  it('goes on where an earlier server left it', async () => {
    const path = join(folder, 'log');
    for (const line of ['a', 'b']) {
      const file = new RotatingFile({ path, largest: 1000, kept: 1, onError: failed });
      file.write(line);
      await file.flush();
    }
    expect(await readFile(path, 'utf8')).toBe('a\nb\n');
  });

  it('tells of what it can not write', async () => {
    const errors: unknown[] = [];
    await writeFile(join(folder, 'file'), '');
    const file = new RotatingFile({
      path: join(folder, 'file', 'log'),
      largest: 9,
      kept: 1,
      onError: (error) => void errors.push(error),
    });
    file.write('lost');
    await file.flush();
    expect(errors).toHaveLength(1);
  });
});
