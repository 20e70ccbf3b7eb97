/** KILL: stops a statement by its id in `system.runtime.queries`. */
import { SkuaError } from '../../errors.js';
import type { StatementContext } from '../environment.js';
import type { KillStatement } from '../syntax/statement.js';

/** A statement that the caller may not see, or that is over: NOT_FOUND. */
export async function kill({ environment, call }: StatementContext, { id }: KillStatement): Promise<void> {
  if (id === call.id) throw new SkuaError('INVALID_ARGUMENT', 'KILL can not stop itself');
  if (await environment.system?.stop(call.principal, id)) return;
  throw new SkuaError('NOT_FOUND', `No statement with the id '${id}' runs that you may stop`);
}
