/**
 * Requests that are no message of the protocol. gRPC would end such a call as INTERNAL before anybody is asked who calls; here the call itself says
 * INVALID_ARGUMENT, as for everything else that a client sends wrongly.
 */
import type { ServiceDefinition } from '@grpc/grpc-js';
import { messageOf, SkuaError } from '../errors.js';

class UnreadableRequest {
  readonly error: SkuaError;

  constructor(cause: unknown) {
    this.error = new SkuaError('INVALID_ARGUMENT', `the request is no message of Flight: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** The same service, to whose handlers unreadable requests come too: see `readable`. */
export function takingUnreadable(service: ServiceDefinition): ServiceDefinition {
  const methods = Object.entries(service).map(([name, method]) => {
    const requestDeserialize = (bytes: Buffer): unknown => {
      try {
        return method.requestDeserialize(bytes);
      } catch (error) {
        return new UnreadableRequest(error);
      }
    };
    return [name, { ...method, requestDeserialize }] as const;
  });
  return Object.fromEntries(methods);
}

export function isReadable(request: unknown): boolean {
  return !(request instanceof UnreadableRequest);
}

/** The request. Unreadable: INVALID_ARGUMENT. */
export function readable<Request>(request: Request): Request {
  if (request instanceof UnreadableRequest) throw request.error;
  return request;
}
