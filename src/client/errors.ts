import { type ServiceError, status } from '@grpc/grpc-js';
import { type ErrorCode, SkuaError } from '../errors.js';
import type { Address } from './address.js';

/** What a call failed with, as a `SkuaError`; where no server could be reached, in a sentence that names the address. */
export function toClientError(error: unknown, address: Address): SkuaError {
  if (error instanceof SkuaError) return error;
  const { code, details } = error as Partial<ServiceError>;
  if (code === undefined || details === undefined) return new SkuaError('INTERNAL', String(error), { cause: error });
  const name = (status[code] ?? 'UNKNOWN') as ErrorCode;
  if (name === 'UNAVAILABLE' && details.startsWith('No connection established')) {
    return new SkuaError('UNAVAILABLE', connectionSentence(details, address), { cause: error });
  }
  if (name === 'UNAVAILABLE' && details.startsWith('Name resolution failed')) {
    return new SkuaError('UNAVAILABLE', `The host of ${address.text} has no address.`, { cause: error });
  }
  return new SkuaError(name, details === '' ? `The server answered with ${name} and gave no reason.` : details, {
    cause: error,
  });
}

function connectionSentence(details: string, address: Address): string {
  if (details.includes('ECONNREFUSED')) return `No server listens at ${address.text}.`;
  const reason = /Last error: (?:Error: )?(.*?)\.? Resolution note/s.exec(details)?.[1] ?? details;
  const hint = address.tls
    ? ' Is it a server with TLS, and is its certificate trusted?'
    : ' Is it a server with TLS? Then use grpc+tls://.';
  return `Can't connect to ${address.text}: ${reason}.${hint}`;
}
