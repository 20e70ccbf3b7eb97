import { SkuaError } from '../errors.js';

/** Why a token is refused, in one of few words: what operators count. */
export type RefusalReason =
  | 'missing'
  | 'malformed'
  | 'algorithm'
  | 'issuer'
  | 'key'
  | 'signature'
  | 'audience'
  | 'expired'
  | 'early'
  | 'claims';

/** UNAUTHENTICATED, with the sentence for the client. */
export class TokenRefused extends SkuaError {
  constructor(
    readonly reason: RefusalReason,
    message: string,
    options?: { cause?: unknown },
  ) {
    super('UNAUTHENTICATED', message, options);
  }
}
