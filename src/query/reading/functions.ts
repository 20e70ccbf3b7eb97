import type { FunctionDefinition } from '../../engine/contract.js';
import type { StatementContext } from '../environment.js';
import { escapeFunctions } from '../escapes/index.js';
import { sessionFunctions } from '../session/session-values.js';

/** The functions that a text calls and that are not the engine's own. */
export function functionsFor(context: StatementContext, sql: string): FunctionDefinition[] {
  return [...sessionFunctions(context, sql), ...escapeFunctions(sql)];
}
