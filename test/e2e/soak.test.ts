import { expect, it } from 'vitest';
import { runSoak } from '../../scripts/soak/run.mjs';

/** A short run of `npm run soak`. */
it('answers are right or errors that a fault explains, and nothing is left, under a mixed load with faults on all sides', async () => {
  const outcome = await runSoak({ minutes: 0.2, seed: 7 });
  expect(outcome.problems).toEqual([]);
  expect(outcome.checked).toBeGreaterThan(0);
  expect(outcome.done.changes).toBeGreaterThan(0);
}, 240_000);
