import { setTimeout } from 'node:timers/promises';

const FIRST_PAUSE = 25;
const LONGEST_PAUSE = 1_000;

/**
 * Waits before a commit that lost a race is made again, so that those who raced don't meet again: a random time, at most 25 ms after the first
 * attempt, twice that after each further one, and a second at most. `attempt` counts from 0. Rejects with the signal's reason once it aborts.
 */
export async function beforeRetry(attempt: number, signal: AbortSignal): Promise<void> {
  const most = Math.min(FIRST_PAUSE * 2 ** attempt, LONGEST_PAUSE);
  await setTimeout(Math.random() * most, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
