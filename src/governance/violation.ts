/** Why a rule of a catalog can't be followed, in words of the specification and of the schema; never with values of the rule. */
export class RuleViolation extends Error {
  constructor(
    message: string,
    /** What kind of rule it is: `a row filter`, `column masks`. */
    readonly kind?: string,
  ) {
    super(message);
  }
}

/** Says of violations which kind of rule is violated. */
export function about<T>(kind: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof RuleViolation && error.kind === undefined ? new RuleViolation(error.message, kind) : error;
  }
}

/** A word of the protocol, quoted; anything else may hold what is to stay hidden, and is left out. */
export function quoted(word: unknown): string {
  return typeof word === 'string' && /^[a-z][a-z0-9-]{0,63}$/i.test(word) ? ` "${word}"` : '';
}
