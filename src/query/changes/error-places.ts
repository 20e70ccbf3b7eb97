/** The places that errors name are those of the query that stands for a change; the client knows the statement. */
import { SkuaError } from '../../errors.js';
import { inTurns } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { variablesOf } from '../session/variable-values.js';
import { normalizeSteps } from '../syntax/normalize.js';
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

/** Parses the pieces at the places where they stand, everything else blanked out. */
async function refusePieces(context: StatementContext, { sql, pieces }: StatementText): Promise<void> {
  const names = namesOf(context);
  for (const [kind, beginning] of BEGINNINGS) {
    const wanted = pieces.filter((piece) => piece.kind === kind);
    if (wanted.length === 0) continue;
    const query = `${beginning}${onlyPieces(sql, wanted).slice(beginning.length)}`;
    const isCatalog = (name: string) => findCatalog(names, name) !== undefined;
    const normal = await inTurns(normalizeSteps(query, isCatalog, variablesOf(context)));
    const { environment, call } = context;
    const engine = await environment.engine(call);
    await engine.parser.parseQuery(normal, { statement: call.id, signal: call.signal });
  }
}

const BEGINNINGS = [
  ['tables', 'SELECT 1 FROM'],
  ['expression', 'SELECT'],
] as const;

/** The pieces, which are in order, with a comma in front of each but the first. */
function onlyPieces(sql: string, pieces: StatementText['pieces']): string {
  const parts: string[] = [];
  let position = 0;
  for (const { start, end } of pieces) {
    const blank = sql.slice(position, start).replace(/[^\n]/g, ' ');
    parts.push(position === 0 ? blank : `,${blank.slice(1)}`, sql.slice(start, end));
    position = end;
  }
  return parts.join('');
}
