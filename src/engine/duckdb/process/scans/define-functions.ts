import type { FunctionDefinition } from '../../contract.js';
import type { Connection } from '../native/database.js';
import { quoteIdentifier } from '../native/text.js';

/** Gives the connection temporary macros, which are found before the engine's own functions, also those that are written without `()`. */
export async function defineFunctions(connection: Connection, functions: readonly FunctionDefinition[]): Promise<void> {
  const macros = functions.map(({ name, overloads }) => {
    const definitions = overloads.map(
      ({ parameters, body }) => `(${parameters.map(declared).join(', ')}) AS (${body})`,
    );
    return `CREATE TEMP MACRO ${quoteIdentifier(name)}${definitions.join(', ')}`;
  });
  if (macros.length > 0) await connection.execute(macros.join(';\n'));
}

function declared(parameter: FunctionDefinition['overloads'][number]['parameters'][number]): string {
  if (typeof parameter === 'string') return quoteIdentifier(parameter);
  return `${quoteIdentifier(parameter.name)} ${parameter.type}`;
}
