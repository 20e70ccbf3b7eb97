import { type ErrorCode, SkuaError } from '../../../errors.js';

/** Why and how an engine process ended, and what it took with it. */
export interface ProcessEnd {
  /** It crashed, somebody else killed it, it was ended because a statement could not be stopped, or it was no longer needed. */
  reason: 'crash' | 'killed' | 'unstoppable' | 'closed';
  /** The signal or exit code, as a word. */
  how: string;
  /** The end of what it wrote to its error output. */
  lastWords: string;
  /** The statements that ran in it. */
  victims: readonly Victim[];
}

export interface Victim {
  principal: string;
  /** Its id. */
  statement: string | undefined;
  sql: string | undefined;
  /** Whether it is the one that could not be stopped. */
  isCulprit: boolean;
}

/** What an engine process did to a statement. Nothing of the statement has been kept. */
export class ProcessFailure extends SkuaError {
  constructor(
    code: ErrorCode,
    message: string,
    /** Whether it may have been another principal's statement that did the harm. */
    readonly mayBeInnocent: boolean,
    options?: { cause?: unknown },
  ) {
    super(code, message, options);
  }
}

/** The statement's engine process has ended under it: UNAVAILABLE. */
export class ProcessEndedError extends ProcessFailure {
  constructor(end: ProcessEnd, mayBeInnocent: boolean) {
    super('UNAVAILABLE', sentence(end), mayBeInnocent);
  }
}

/** Whether what failed is worth another try in another process. */
export function isElsewhereBetter(error: unknown): boolean {
  return error instanceof ProcessFailure && error.mayBeInnocent;
}

function sentence({ reason, how }: ProcessEnd): string {
  switch (reason) {
    case 'crash':
    case 'killed':
      return `the engine process that ran this statement ended (${how}); the statement came to nothing`;
    case 'unstoppable':
      return 'the engine process that ran this statement was ended, since a statement in it could not be stopped; run it again';
    case 'closed':
      return 'the server is stopping';
  }
}
