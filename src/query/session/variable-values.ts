/** The values of a session's variables, by which `getvariable('name')` is replaced. */
import type { StatementContext } from '../environment.js';
import type { VariableValue } from '../syntax/variables.js';

const VARIABLES = Symbol('variables');
/** SQL of their values, by name in lower case. */
const bySession = new WeakMap<object, Map<string, string>>();

/** Where the session keeps them. */
export async function variableValues({
  call: { session },
}: Pick<StatementContext, 'call'>): Promise<Map<string, string>> {
  return session.resource(
    VARIABLES,
    async () => {
      const created = new Map<string, string>();
      bySession.set(session.root, created);
      return created;
    },
    async (created) => created.clear(),
    ({ size }) => (size > 0 ? 'its variables' : undefined),
  );
}

/** What the session's variables stand for; NULL for one that was never set. */
export function variablesOf({ call }: Pick<StatementContext, 'call'>): VariableValue {
  return (name) => bySession.get(call.session.root)?.get(name.toLowerCase()) ?? '(NULL)';
}
