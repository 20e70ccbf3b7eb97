/** The Flight SQL client of the command line, and how it shows results. */

export { type SplitText, splitStatements, statementsOf } from '../sql/index.js';
export { DEFAULT_ADDRESS, parseAddress } from './address.js';
export type { CallOptions } from './channel.js';
export {
  type ConnectOptions,
  connect,
  FlightSqlClient,
  type PreparedStatement,
  type QueryResult,
  type StatementOutcome,
} from './client.js';
export * from './format/index.js';
export { describeFailure, OUTPUT_FORMATS, type Output, type OutputFormat, runStatement } from './shell/output.js';
export { type PromptOptions, runPrompt } from './shell/prompt.js';
