/**
 * The one error type of Skua. Whatever fails, in planning or in the middle of a stream, fails as a `SkuaError`; its `code` is the name
 * of the gRPC status that the client sees, its `message` is the sentence that the client reads. Neither may hold a token, a credential
 * or an upstream's headers.
 */
export type ErrorCode =
  | 'CANCELLED'
  | 'UNKNOWN'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'OUT_OF_RANGE'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'DATA_LOSS'
  | 'UNAUTHENTICATED';

export class SkuaError extends Error {
  override readonly name = 'SkuaError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** The sentence of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Anything that was thrown, as a `SkuaError`; what was not foreseen becomes INTERNAL. */
export function toSkuaError(error: unknown): SkuaError {
  if (error instanceof SkuaError) return error;
  return new SkuaError('INTERNAL', messageOf(error), { cause: error });
}
