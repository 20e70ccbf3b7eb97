/** Work in steps, so that a long text does not keep everybody else waiting. */

/** Milliseconds for which the event loop is held at most, give or take a step. */
const LONGEST_TURN = 5;

/** Runs all steps one after the other. */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Runs steps, with a turn of the event loop in between wherever they take long. */
export async function inTurns<T>(steps: Generator<void, T>): Promise<T> {
  for (let started = performance.now(); ; ) {
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() - started < LONGEST_TURN) continue;
    await turn();
    started = performance.now();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
