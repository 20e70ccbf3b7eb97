import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { repository } from '../scripts/real/index.mjs';

/** What starts or runs something that has to be installed. */
const STARTS = /\b(?:startS3TestServer|startRustfs|startQuickstart|startSpark\w*|startBalancer|runClient)\(/;

const folder = join(repository, 'test');
const files = readdirSync(folder, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const)
  .filter(([, text]) => STARTS.test(text));

it('each test that needs something installed is skipped by name where that is absent', () => {
  expect(files.length).toBeGreaterThan(5);
  expect(files.filter(([, text]) => !/\b(?:skipIf|runIf)\(/.test(text)).map(([name]) => name)).toEqual([]);
});

it('none of them starts it for the whole file without having looked', () => {
  const hooks = files.map(([name, text]) => [name, ...text.matchAll(/^before(?:All|Each)\(.*?^\}/gms)] as const);
  const blind = hooks.filter(([, ...found]) => found.some(([hook]) => STARTS.test(hook) && !/missing/i.test(hook)));
  expect(blind.map(([name]) => name)).toEqual([]);
});
