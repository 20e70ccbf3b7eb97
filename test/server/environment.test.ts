import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FaultyCatalog, startFaultyCatalog } from '../e2e/support/faulty-catalog.js';

let catalog: FaultyCatalog;
beforeAll(async () => {
  catalog = await startFaultyCatalog();
});
afterAll(() => catalog?.stop());

it('the log of an engine process that ended says whose statements ran in it, and not their texts', async () => {
  await catalog.rows('SELECT 1');
  const stop = new AbortController();
  const call = { ...catalog.call(), id: 'a statement', signal: stop.signal };
  const rows = catalog.statements.query(call, { sql: 'SELECT count(*) AS endless FROM range(1000000000000)' });
  rows.catch(() => undefined);
  let pid: number | undefined;
  await expect
    .poll(() => {
      pid = catalog.engine.processes().find(({ requests }) => requests > 0)?.pid;
      return pid;
    })
    .toBeDefined();
  process.kill(pid as number, 'SIGKILL');
  const ended = () => catalog.warnings.find(({ msg }) => msg === 'An engine process ended');
  await expect.poll(ended).toBeDefined();
  stop.abort();
  await expect(
    rows.then(async ({ batches }) => {
      for await (const _ of batches);
    }),
  ).rejects.toThrow();
  expect(ended()).toMatchObject({
    pid,
    reason: 'killed',
    statements: [{ issuer: call.principal.issuer, subject: 'adminuser', statement: 'a statement' }],
  });
  expect(JSON.stringify(ended())).not.toContain('endless');
});
