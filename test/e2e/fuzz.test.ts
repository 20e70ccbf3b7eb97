/** Short runs of `npm run fuzz`: random SQL over random tables answers as plain tables do, also under random policies, and what is harmed is told from what is sound. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parts } from '../../scripts/real/index.mjs';

const program = fileURLToPath(new URL('../../scripts/fuzz.mjs', import.meta.url));
/** Another one than in each run of the suite finds more; `npm run fuzz` takes a new one each time. */
const chosen = process.env.SKUA_TEST_SEED ?? '2';

const cases: [store: string, seed: string, count: number, missing?: string | undefined][] = [
  ['local', '1', 100],
  ['local', chosen, 60],
  ['s3', '1', 40, parts.rustfs.find().missing],
];

for (const [store, seed, count, missing] of cases) {
  test.skipIf(missing !== undefined)(
    `${count} random statements, seed ${seed}, on ${store === 's3' ? 'S3 with an empty cache' : 'local files'}, answer as plain tables do`,
    async () => {
      const run = promisify(execFile)(process.execPath, [program, 'sql', String(count), seed, store]);
      const output = await run.then(
        ({ stdout }) => stdout,
        ({ stdout, stderr }) => `${stdout}${stderr}`,
      );
      expect(output.includes('Nothing wrong.'), output).toBe(true);
    },
    600_000,
  );
}

const policies: [store: string, seed: string, count: number, missing?: string | undefined][] = [
  ['local', chosen, 24],
  ['s3', '1', 8, parts.rustfs.find().missing],
];

for (const [store, seed, count, missing] of policies) {
  test.skipIf(missing !== undefined)(
    `${count} random policies, seed ${seed}, on ${store === 's3' ? 'S3 with an empty cache' : 'local files'}, leave of tables what the specification does`,
    async () => {
      const run = promisify(execFile)(process.execPath, [program, 'policies', String(count), seed, store]);
      const output = await run.then(
        ({ stdout }) => stdout,
        ({ stdout, stderr }) => `${stdout}${stderr}`,
      );
      expect(output.includes('Nothing wrong.'), output).toBe(true);
    },
    600_000,
  );
}

test('random rules on random values leave and show what the specification says, and no file is left out by them', async () => {
  const run = promisify(execFile)(process.execPath, [program, 'rules', '600', chosen]);
  const output = await run.then(
    ({ stdout }) => stdout,
    ({ stdout, stderr }) => `${stdout}${stderr}`,
  );
  expect(output.includes('Nothing wrong.'), output).toBe(true);
}, 240_000);

for (const target of ['metadata', 'avro', 'parquet']) {
  test(`${target} that is harmed is read as something sound or refused, with a status that says so`, async () => {
    const run = promisify(execFile)(process.execPath, [program, target, '300', chosen]);
    const output = await run.then(
      ({ stdout }) => stdout,
      ({ stdout, stderr }) => `${stdout}${stderr}`,
    );
    expect(output.includes('Nothing wrong.'), output).toBe(true);
  }, 120_000);
}

test('requests over HTTP that are harmed are answered with what is wrong with them, and the server serves the next', async () => {
  const run = promisify(execFile)(process.execPath, [program, 'http', '400', chosen]);
  const output = await run.then(
    ({ stdout }) => stdout,
    ({ stdout, stderr }) => `${stdout}${stderr}`,
  );
  expect(output.includes('Nothing wrong.'), output).toBe(true);
}, 240_000);
