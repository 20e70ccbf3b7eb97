/** From errors to gRPC statuses. The one mapping, for planning and for the middle of a stream. */
import { randomUUID } from 'node:crypto';
import { type StatusObject, status } from '@grpc/grpc-js';
import { SkuaError } from '../errors.js';

/** Longest status message in bytes; clients refuse trailers of 8 KiB and more. */
const LONGEST_MESSAGE = 4000;

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

export type GrpcStatus = Pick<StatusObject, 'code' | 'details'> & Error;

export function statusOf(error: SkuaError): GrpcStatus {
  const details = shorten(error.message);
  return Object.assign(new Error(details), { code: status[error.code], details });
}

/** Well-formed UTF-8 of limited length: grpc-js can't encode a lone surrogate. */
function shorten(message: string): string {
  const bytes = Buffer.from(message, 'utf8');
  if (bytes.byteLength <= LONGEST_MESSAGE) return bytes.toString('utf8');
  return `${bytes.toString('utf8', 0, LONGEST_MESSAGE).replace(/\uFFFD$/, '')}…`;
}
