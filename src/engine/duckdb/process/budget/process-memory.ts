import { readFileSync } from 'node:fs';
import { resourceLimits } from '../native/library.js';

/** The memory of this process as the operating system counts and limits it. */
export interface ProcessMemory {
  /** Bytes in use. */
  used(): number;
  /** Bytes from which on the system gives no more; `undefined` takes the limit away again. */
  limit(bytes: number | undefined): void;
}

/**
 * On Linux, private writable memory, which is all that allocators take, and its limit RLIMIT_DATA (setrlimit(2)): an allocation beyond it
 * fails, and the engine turns that into an error of the statement. Other systems have no such limit; there, resident memory is counted.
 */
export function processMemory(): ProcessMemory {
  return process.platform === 'linux'
    ? linuxMemory()
    : { used: () => process.memoryUsage.rss(), limit: () => undefined };
}

const RLIMIT_DATA = 2;
const limitWords = 2;

function linuxMemory(): ProcessMemory {
  const { get, set } = resourceLimits();
  const original = new BigUint64Array(limitWords);
  const known = get(RLIMIT_DATA, original) === 0;
  const setSoft = (soft: bigint) => {
    const [first = 0n, hard = 0n] = original;
    // What the process was started with is not exceeded.
    const bounded = soft < first ? soft : first;
    set(RLIMIT_DATA, new BigUint64Array([bounded, hard]));
  };
  return {
    used: () => 1024 * Number(/^VmData:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? 0),
    limit: (bytes) => {
      if (known) setSoft(bytes === undefined ? (original[0] ?? 0n) : BigInt(Math.floor(bytes)));
    },
  };
}
