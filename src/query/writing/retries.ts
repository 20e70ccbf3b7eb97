import { setTimeout } from 'node:timers/promises';
import { SkuaError } from '../../errors.js';
import type { StatementContext } from '../environment.js';

const FIRST_PAUSE = 25;
const LONGEST_PAUSE = 1_000;

/**
 * Whether a commit that failed is to be made again: where another commit was faster, and not more often than `limits.commitRetries`.
 * `attempt` counts from 0. It first waits a random time, at most 25 ms and twice that after each further attempt, a second at most, so that
 * those who raced don't meet again. A call that ends meanwhile is not tried again.
 */
export async function mayRetry(
  { environment, call: { signal } }: Pick<StatementContext, 'environment' | 'call'>,
  attempt: number,
  failure: unknown,
): Promise<boolean> {
  const lostRace = failure instanceof SkuaError && failure.code === 'ABORTED';
  if (!lostRace || attempt >= environment.limits.commitRetries) return false;
  const most = Math.min(FIRST_PAUSE * 2 ** attempt, LONGEST_PAUSE);
  await setTimeout(Math.random() * most, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}
