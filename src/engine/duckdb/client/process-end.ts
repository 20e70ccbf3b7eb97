import { SkuaError } from '../../../errors.js';

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
  sql: string | undefined;
  /** Whether it is the one that could not be stopped. */
  isCulprit: boolean;
}

/** The statement's engine process has ended under it: UNAVAILABLE. Nothing of it has been kept. */
export class ProcessEndedError extends SkuaError {
  constructor(
    end: ProcessEnd,
    /** Whether it may have been another principal's statement that ended the process. */
    readonly mayBeInnocent: boolean,
  ) {
    super('UNAVAILABLE', sentence(end));
  }
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
