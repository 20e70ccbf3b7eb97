/** Long work of the worker in turns, so that what the page asks for in between is answered. */

/** Milliseconds of work between two turns. */
const TURN = 30;

class Superseded extends Error {}

export class Turns {
  #began = performance.now();

  constructor(private readonly signal: AbortSignal) {}

  /** Lets others work where enough time has passed. Work that nobody waits for any more ends here. */
  async next(): Promise<void> {
    if (performance.now() - this.#began < TURN) return;
    await new Promise((resolve) => setTimeout(resolve));
    if (this.signal.aborted) throw new Superseded('Another filter or order was asked for.');
    this.#began = performance.now();
  }
}

/** Sorts in place: runs first, then the runs merged two by two. Equal ones keep their order. */
export async function sortInTurns(
  items: Uint32Array,
  compare: (a: number, b: number) => number,
  turns: Turns,
): Promise<Uint32Array> {
  const RUN = 16_384;
  for (let start = 0; start < items.length; start += RUN) {
    items.subarray(start, start + RUN).sort(compare);
    await turns.next();
  }
  let from: Uint32Array = items;
  let to: Uint32Array = new Uint32Array(items.length);
  for (let run = RUN; run < items.length; run *= 2) {
    for (let start = 0; start < items.length; start += 2 * run) {
      await merge(
        from,
        to,
        { start, middle: Math.min(start + run, items.length), end: start + 2 * run },
        compare,
        turns,
      );
    }
    [from, to] = [to, from];
  }
  return from;
}

interface Runs {
  start: number;
  middle: number;
  end: number;
}

async function merge(
  from: Uint32Array,
  to: Uint32Array,
  { start, middle, end }: Runs,
  compare: (a: number, b: number) => number,
  turns: Turns,
): Promise<void> {
  const last = Math.min(end, from.length);
  let [left, right] = [start, middle];
  for (let place = start; place < last; place++) {
    const takesLeft = right >= last || (left < middle && compare(from[left] as number, from[right] as number) <= 0);
    to[place] = from[takesLeft ? left++ : right++] as number;
    if ((place & 0x3fff) === 0) await turns.next();
  }
}
