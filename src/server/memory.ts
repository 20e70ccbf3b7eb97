import { totalmem } from 'node:os';

/** What the server takes of the machine or container it has for itself. */
const usualPart = 0.8;
/** The size that a server has anyway, most of it never touched. */
const least = 2 * 2 ** 30;

/** Memory that the server may use, in bytes, where the operator doesn't say. */
export function usualMemory(): number {
  return Math.max(available() * usualPart, least);
}

/** Of the machine, or of the container where that is less. */
function available(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
