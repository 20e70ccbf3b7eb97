import { totalmem } from 'node:os';

/** What the server takes of the machine or container it has for itself. */
const usualPart = 0.8;
/** The size that a server has anyway, most of it never touched. */
const least = 2 * 2 ** 30;

/**
 * What the engine's processes may use together, in bytes, of a total that the operator names or of what is usual. The server's own part, an
 * eighth but neither little nor lavish, is not limited: what it holds is bounded piece by piece.
 */
export function memoryOfEngine(total: number = usualMemory()): number {
  return total - Math.min(Math.max(total / 8, leastForServer), mostForServer);
}

function usualMemory(): number {
  return Math.max(available() * usualPart, least);
}

const leastForServer = 128 * 2 ** 20;
const mostForServer = 2 * 2 ** 30;

/** Of the machine, or of the container where that is less. */
function available(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
