import type { Report } from './messages.js';

type BatchReport = Extract<Report, { kind: 'batch' }>;

/**
 * A batch as an engine process reports it, checked as `report` checks it, but without the cost of a schema for each of its many numbers.
 * Undefined for whatever else: then `report` says what it is, or what is wrong with it.
 */
export function batchReport(message: unknown): BatchReport | undefined {
  if (!isObject(message) || message.kind !== 'batch' || !isCount(message.id) || !isObject(message.batch))
    return undefined;
  const { length, nodes, buffers } = message.batch;
  if (!isCount(length) || !Array.isArray(nodes) || !Array.isArray(buffers)) return undefined;
  if (!nodes.every(isCount) || !buffers.every(isBuffer)) return undefined;
  return { kind: 'batch', id: message.id, batch: { length, nodes, buffers } };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Bytes, or where in the shared memory they begin and how many they are. */
function isBuffer(value: unknown): value is Uint8Array | [number, number] {
  if (value instanceof Uint8Array) return true;
  return Array.isArray(value) && value.length === 2 && isCount(value[0]) && isCount(value[1]);
}
