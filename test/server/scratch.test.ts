import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeScratch } from '../../src/server/scratch.js';

const base = mkdtempSync(join(tmpdir(), 'skua-scratch-'));
afterAll(() => rmSync(base, { recursive: true }));

it('removes the folders of servers that ended without removing theirs, and no others', async () => {
  const ended = spawnSync(process.execPath, ['--version']).pid;
  const kept = [`skua-${process.ppid}-abcdef`, 'skua-demo', `other-${ended}-abcdef`];
  const left = [`skua-${ended}-abcdef`, `skua-${process.pid}-abcdef`];
  for (const name of [...kept, ...left]) mkdirSync(join(base, name, 'cache'), { recursive: true });
  const first = basename(await makeScratch(base));
  const second = basename(await makeScratch(base));
  expect(readdirSync(base).sort()).toEqual([...kept, first, second].sort());
});
