import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import koffi from 'koffi';

/** Looks without a call until memory is given back, a second each. */
const REST = 5;
/** What may have been allocated since and is still kept, in bytes: to look through the heap holds the server up for a tenth of a second. */
const WORTH = 16 * 2 ** 20;

/**
 * Lets V8's heap grow to three times what is alive in it before all of it is looked through. By itself V8 counts the bytes of messages on their way, which
 * lie outside its heap, against a heap that is small, and looks through all of it again and again while a result streams. To be called before the server starts.
 */
export function spareCollections(): void {
  setFlagsFromString('--heap-growing-percent=200');
}

/** Gives memory back to the system once there has been no call for some seconds: V8 keeps it until it needs more. */
export function collectAtRest(running: () => { calls: number }): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const trim = allocatorsTrim();
  let looks = 0;
  let kept = 0;
  setInterval(() => {
    looks = running().calls === 0 ? looks + 1 : 0;
    if (looks < REST) return;
    looks = 0;
    if (getHeapStatistics().total_heap_size - kept < WORTH) return;
    collect();
    trim?.(0);
    kept = getHeapStatistics().total_heap_size;
  }, 1000).unref();
}

/** Has the C library give back what was freed; undefined for those that have no such function. */
function allocatorsTrim(): ((kept: number) => number) | undefined {
  try {
    return koffi.load(null).func('malloc_trim', 'int', ['size_t']);
  } catch {
    return undefined;
  }
}
