import { SkuaError } from '../errors.js';

/** One thing that is wrong with the configuration. */
export interface ConfigProblem {
  /** The key by its dotted path, `auth[0].issuer`, or the name of an environment variable. Empty for the file as a whole. */
  key: string;
  /** What is wrong and what is allowed; never holds the value of a secret. */
  message: string;
}

/** The configuration can't be used. The message lists every problem, one a line. */
export class ConfigError extends SkuaError {
  constructor(readonly problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ key, message }) => (key === '' ? message : `${key}: ${message}`));
    super('INVALID_ARGUMENT', `The configuration is not valid.\n${lines.map((line) => `  ${line}`).join('\n')}`);
  }
}
