/** The places that errors name are those of the query that stands for a change; the client knows the statement. */
import { SkuaError } from '../../errors.js';
import type { StatementContext } from '../environment.js';
import { normalizeQuery } from '../syntax/normalize.js';
import type { StatementText } from '../syntax/row-change.js';
import { findCatalog } from '../tables/names.js';
import { namesOf } from '../tables/tables.js';

/** Runs the work. A syntax error names its place in the statement; other errors of the query name none. */
export async function placingErrors<T>(
  context: StatementContext,
  written: StatementText,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SkuaError) || error.code !== 'INVALID_ARGUMENT') throw error;
    if (/syntax error/.test(error.message)) await refusePieces(context, written);
    const message = error.message.replace(/, line \d+, column \d+/, '');
    throw message === error.message ? error : new SkuaError(error.code, message, { cause: error });
  }
}

/** Parses each piece alone, at the place where it stands. */
async function refusePieces(context: StatementContext, { sql, pieces }: StatementText): Promise<void> {
  const names = namesOf(context);
  for (const { kind, start, end } of pieces) {
    const before = kind === 'tables' ? 'SELECT 1 FROM' : 'SELECT';
    const blank = sql.slice(before.length, start).replace(/[^\n]/g, ' ');
    const query = `${before}${blank}${sql.slice(start, end)}`;
    const { engine } = await context.environment.instance(context.call);
    await engine.parser.parseQuery(normalizeQuery(query, (name) => findCatalog(names, name) !== undefined));
  }
}
