import { expect, it } from 'vitest';
import { runFaults } from '../../scripts/faults/run.mjs';

/** A short run of `npm run faults`. */
it('each acknowledged statement is there once, none by half, and no file is left, whatever breaks', async () => {
  const outcome = await runFaults({ statements: 24, kills: 2, writers: 4, rate: 0.05, seed: 7 });
  expect(outcome.acknowledged).toBeGreaterThanOrEqual(24);
  expect(outcome).toMatchObject({ lost: [], repeated: [], halves: [], orphans: [] });
}, 240_000);
