import { SkuaError, toSkuaError } from '../../../errors.js';
import type { WireError } from './messages.js';

export function wireError(error: unknown): WireError {
  const { code, message, cause } = toSkuaError(error);
  return { code, message, ...(cause !== undefined && { cause: String(cause) }) };
}

export function errorFrom({ code, message, cause }: WireError): SkuaError {
  return new SkuaError(code, message, cause === undefined ? undefined : { cause });
}
