/** What a cluster would not answer alike, in words that follow "can't run there: ". */
export class NotTranslated extends Error {
  override readonly name = 'NotTranslated';
}

/** Ends a translation. */
export function refuse(reason: string): never {
  throw new NotTranslated(reason);
}
