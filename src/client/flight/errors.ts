import { type ServiceError, status } from '@grpc/grpc-js';
import { type ErrorCode, SkuaError } from '../../errors.js';
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
  const last = /Last error: (?:Error: )?(.*?)\.? Resolution note/s.exec(details)?.[1] ?? details;
  // OpenSSL writes `id:error:number:library:function:reason:file:line:`.
  const reason = /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]*):/i.exec(last)?.[1] ?? last.trim();
  const hint = address.tls
    ? 'Does the server speak TLS, and is its certificate trusted?'
    : 'Does the server speak TLS? Then the address begins with grpc+tls://.';
  return `Can't connect to ${address.text}: ${reason}. ${hint}`;
}
