/** Long computations in the main thread give way to the event loop. */

/** The longest stretch without a turn of the event loop, in milliseconds, over all computations that are under way. */
const stretch = 10;

let turnedAt = 0;
let nextTurn: Promise<void> | undefined;

/** Waits for a turn of the event loop where the last one is too long ago, else for nothing. */
export async function giveWay(): Promise<void> {
  while (performance.now() - turnedAt >= stretch) {
    nextTurn ??= new Promise((resolve) => {
      setImmediate(() => {
        turnedAt = performance.now();
        nextTurn = undefined;
        resolve();
      });
    });
    await nextTurn;
  }
}
