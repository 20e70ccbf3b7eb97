import { setImmediate as nextTurn } from 'node:timers/promises';

/** A turn of the event loop that took longer may have left connections unaccepted, in milliseconds; and how often a shorter one is waited for. */
const SHORT = 1;
const MOST_TURNS = 50;

/**
 * Right after the event loop has accepted connections. The system resets those that come between that and the end of listening, and what a
 * balancer has sent on one of them it sends to nobody else.
 */
export async function shortTurn(): Promise<void> {
  let before = performance.now();
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    await nextTurn();
    const now = performance.now();
    if (now - before < SHORT) return;
    before = now;
  }
}
