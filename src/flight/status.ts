/** From errors to gRPC statuses. */
import { type StatusObject, status } from '@grpc/grpc-js';
import type { SkuaError } from '../errors.js';

/** Longest status message in bytes; clients refuse trailers of 8 KiB and more. */
const LONGEST_MESSAGE = 4000;

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
