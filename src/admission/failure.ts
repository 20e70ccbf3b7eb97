import { randomUUID } from 'node:crypto';
import { SkuaError } from '../errors.js';

/** How a call failed, for planning and for the middle of a stream. */
export interface Failure {
  error: SkuaError;
  /** Where the client only learns that something broke: the id under which the log has the cause. */
  incident?: string;
}

/** What was foreseen passes with its sentence; of anything else the client learns only an id, under which the log has the cause. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof SkuaError) return { error: thrown };
  const incident = randomUUID();
  const message = `internal error; the server's log has the cause under ${incident}`;
  return { error: new SkuaError('INTERNAL', message, { cause: thrown }), incident };
}
