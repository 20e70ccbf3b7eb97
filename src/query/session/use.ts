/** USE: the session's current catalog and schema. */
import { SkuaError } from '../../errors.js';
import type { StatementContext } from '../environment.js';
import type { UseStatement } from '../syntax/statement.js';
import { findCatalog, resolveSchema } from '../tables/names.js';
import { catalogOf, namesOf } from '../tables/tables.js';

/** Chooses a catalog or a schema that exists and that the caller may see. Unknown: NOT_FOUND. */
export async function use(context: StatementContext, { path, what }: UseStatement): Promise<void> {
  const names = namesOf(context);
  const { session, report } = context.call;
  report.keepsState = true;
  const catalog = path.length === 1 && what !== 'schema' ? findCatalog(names, path[0] as string) : undefined;
  if (catalog !== undefined) {
    session.catalog = catalog;
    session.schema = undefined;
    return;
  }
  if (what === 'catalog') throw new SkuaError('NOT_FOUND', `Catalog does not exist: ${path.join('.')}`);
  const chosen = resolveSchema(names, path);
  await catalogOf(context, chosen.catalog).loadNamespace(chosen.namespace);
  session.catalog = chosen.catalog;
  session.schema = chosen.namespace;
}
