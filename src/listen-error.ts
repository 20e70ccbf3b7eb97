import { messageOf, SkuaError } from './errors.js';

/** Why nothing can listen at the address: UNAVAILABLE. The system's code may stand inside of a message, as grpc-js wraps it. */
export function listenError(address: string, error: Error): SkuaError {
  return new SkuaError('UNAVAILABLE', `cannot listen on ${address}: ${reasonOf(error)}`, { cause: error });
}

function reasonOf(error: Error): string {
  const message = messageOf(error);
  switch (/\b(EADDRINUSE|EACCES|EADDRNOTAVAIL|ENOTFOUND)\b/.exec(message)?.[1]) {
    case 'EADDRINUSE':
      return 'another process listens there; choose another port';
    case 'EACCES':
      return 'this user may not listen there';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'this machine has no such address';
    default:
      return message;
  }
}
