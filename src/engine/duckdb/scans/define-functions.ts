import type { FunctionDefinition } from '../../contract.js';
import type { Connection } from '../native/database.js';
import { quoteIdentifier } from '../native/text.js';

/** Gives the connection temporary macros, which are found before the engine's own functions, also those that are written without `()`. */
export async function defineFunctions(connection: Connection, functions: readonly FunctionDefinition[]): Promise<void> {
  for (const { name, parameters, body } of functions) {
    const names = parameters.map(quoteIdentifier).join(', ');
    await connection.execute(`CREATE TEMP MACRO ${quoteIdentifier(name)}(${names}) AS (${body})`);
  }
}
