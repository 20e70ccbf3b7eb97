import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Journal } from '../../src/storage/index.js';

let folder: string;
const journals: Journal[] = [];
const table = { catalog: 'lake', namespace: ['demo'], name: 't' };
const places = new Map([['lake', 'http://catalog w']]);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skua-journal-test-'));
});
afterEach(async () => {
  for (const journal of journals.splice(0)) await journal.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(of = places): Promise<Journal> {
  const journal = await Journal.open(folder, { places: of });
  journals.push(journal);
  return journal;
}
const entries = async () => (await readdir(folder)).filter((name) => name.includes('.entry'));

/** What a server leaves that ended: its process is gone. */
async function killed(lines: object[], cut = ''): Promise<void> {
  const run = '00000000-0000-4000-8000-000000000001';
  const { pid } = spawnSync(process.execPath, ['-e', '0']);
  await writeFile(join(folder, `${run}.alive`), JSON.stringify({ host: hostname(), pid }));
  const head = { table: { ...table, catalog: 'http://catalog w' } };
  const text = [head, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('');
  await writeFile(join(folder, `${run}.0.entry`), text + cut);
}

it('a change that ended well leaves nothing', async () => {
  const entry = (await open()).entry(table);
  entry.adding('s3://w/1');
  expect(await entries()).toHaveLength(1);
  entry.close();
  expect(await entries()).toEqual([]);
});

it('a change that wrote nothing makes no file', async () => {
  const entry = (await open()).entry(table);
  entry.sending({});
  entry.leave();
  entry.close();
  expect(await entries()).toEqual([]);
});

it('what is left of a change says which files it wrote, which of them went, and what was sent', async () => {
  const journal = await open();
  const entry = journal.entry(table);
  for (const location of ['a', 'b', 'c']) entry.adding(location);
  entry.removed(['b']);
  entry.sending({ snapshots: [{ 'snapshot-id': 7442684603476777430n }] });
  expect(journal.hasLeft(table)).toBe(false);
  entry.leave();
  expect(journal.hasLeft(table)).toBe(true);
  const [left, ...others] = await journal.take(table);
  expect(others).toEqual([]);
  expect(left).toMatchObject({
    table,
    locations: ['a', 'c'],
    sent: [{ snapshots: [{ 'snapshot-id': 7442684603476777430n }] }],
  });
  await left?.done();
  expect([await entries(), journal.hasLeft(table)]).toEqual([[], false]);
});

it('what was sent counts no more once it is known to name none of the files', async () => {
  const journal = await open();
  const entry = journal.entry(table);
  entry.adding('a');
  entry.sending({ drop: 'id' });
  entry.unnamed();
  entry.leave();
  expect(await journal.take(table)).toMatchObject([{ locations: ['a'], sent: [] }]);
});

it('changes of a server that is at work are nobody else’s', async () => {
  const [one, two] = [await open(), await open()];
  one.entry(table).adding('a');
  await two.rescan();
  expect([one.hasLeft(table), two.hasLeft(table)]).toEqual([false, false]);
  await one.close();
  await two.rescan();
  expect(two.hasLeft(table)).toBe(true);
});

it('those of one that was killed are for whoever comes first, and for others once they are given back', async () => {
  await killed([{ add: 'a' }], '{"add":"cut');
  const [one, two] = [await open(), await open()];
  const [left] = await one.take(table);
  expect(left).toMatchObject({ table, locations: ['a'], sent: [] });
  expect(await two.take(table)).toEqual([]);
  await left?.giveBack();
  await two.rescan();
  expect(await two.take(table)).toHaveLength(1);
});

it('those of another catalog by the same name are let alone', async () => {
  await killed([{ add: 'a' }]);
  const journal = await open(new Map([['lake', 'http://another w']]));
  expect(journal.hasLeft(table)).toBe(false);
  expect(await journal.take()).toEqual([]);
  expect(await entries()).toHaveLength(1);
});

it('a server that was taken for dead sends no commit: ABORTED', async () => {
  const entry = (await open()).entry(table);
  entry.adding('a');
  for (const name of await entries()) await rm(join(folder, name));
  expect(() => entry.sending({})).toThrow(expect.objectContaining({ code: 'ABORTED' }));
});

it('holds places and ids, and nothing that opens anything', async () => {
  const entry = (await open()).entry(table);
  entry.adding('s3://w/1');
  const [name] = await entries();
  expect((await readFile(join(folder, name as string), 'utf8')).split('\n').filter(Boolean)).toEqual([
    '{"table":{"catalog":"http://catalog w","namespace":["demo"],"name":"t"}}',
    '{"add":"s3://w/1"}',
  ]);
});
