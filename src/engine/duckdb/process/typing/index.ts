/** What statements with parameters mean: their types, before they run. */
export { type StatementTypes, statementTypes } from './statement-types.js';
