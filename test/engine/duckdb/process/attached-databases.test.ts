import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { TableScan } from '../../../../src/engine/duckdb/contract.js';
import type { Connection } from '../../../../src/engine/duckdb/process/native/database.js';
import { AttachedDatabases } from '../../../../src/engine/duckdb/process/scans/attached-databases.js';

let said: string[];
let attached: AttachedDatabases;
beforeEach(() => {
  vi.useFakeTimers();
  said = [];
  attached = new AttachedDatabases(connection);
});
afterEach(() => vi.useRealTimers());

/** Says ATTACH and DETACH with the first letters of the name; a file whose name begins with `bad` can't be attached. */
function connection(): Connection {
  const execute = async (sql: string) => {
    const [, verb, name] = /^(ATTACH|DETACH)\b.*"d(\w{3})/.exec(sql) ?? [];
    if (verb === 'ATTACH' && name === 'bad') throw new Error('no database');
    said.push(`${verb} ${name}`);
  };
  return { execute, close: async () => undefined } as unknown as Connection;
}

/** A statement that reads copies, and what ends it. */
async function statement(...names: string[]): Promise<() => Promise<void>> {
  const works: (() => Promise<void>)[] = [];
  const user = { connection: connection(), afterwards: (work: () => Promise<void>) => void works.push(work) };
  const files = names.map((name) => ({ decoded: { path: `/folder/${name.padEnd(32, '0')}.parquet` } }));
  const scans = [{ source: { kind: 'parquet', files } }] as unknown as TableScan[];
  const end = async () => {
    for (const work of works) await work();
  };
  await attached.attach(user, scans).catch(async (error: unknown) => {
    await end();
    throw error;
  });
  return end;
}

it('a copy stays attached from one statement to the next, and goes when none has read it for a while', async () => {
  const ends = [await statement('aaa', 'bbb'), await statement('aaa')];
  for (const end of ends) await end();
  await vi.advanceTimersByTimeAsync(4000);
  const last = await statement('aaa');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(said).toEqual(['ATTACH aaa', 'ATTACH bbb', 'DETACH bbb']);
  await last();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(said.slice(3)).toEqual(['DETACH aaa']);
  await (await statement('aaa'))();
  expect(said.slice(4)).toEqual(['ATTACH aaa']);
});

it('of many copies that nobody reads, those that were left first go', async () => {
  const name = (number: number) => number.toString().padStart(3, '0');
  for (let number = 0; number < 40; number++) await (await statement(name(number)))();
  expect(said.filter((sql) => sql.startsWith('DETACH'))).toEqual(
    Array.from({ length: 8 }, (_, i) => `DETACH ${name(i)}`),
  );
});

it('one that can not be attached is tried anew by the next statement', async () => {
  for (let time = 0; time < 2; time++) await expect(statement('bad')).rejects.toThrow('no database');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(said).toEqual([]);
});

it('nothing is detached any more once the instance closes', async () => {
  await (await statement('aaa'))();
  await attached.close();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(said).toEqual(['ATTACH aaa']);
});
