/** Column lineage of what a statement writes: noted while it runs, and traced once it has succeeded, beside everything else. */
import type { TableColumn } from '../../expressions/index.js';
import type { StatementContext } from '../environment.js';
import type { BoundQuery } from '../reading/bound-query.js';
import type { TableName } from '../tables/names.js';
import { type ColumnLineage, columnLineage, together, unknownLineage } from './column-lineage.js';
import { Untraceable } from './lineage.js';
import { traceQuery } from './queries.js';
import { sourcesOf } from './sources.js';
import type { WrittenQueries, WrittenQuery } from './written-queries.js';

/** Of longer texts nothing is told, in UTF-16 code units: they are none that a person writes, and keep the parser busy. */
const LONGEST_TEXT = 32 * 1024;

/**
 * Begins to trace what a statement that has succeeded has noted, and waits for nothing. The promise, which is never rejected; undefined where
 * there is nothing to trace.
 */
export function traceWritten(context: StatementContext): Promise<ColumnLineage[]> | undefined {
  const queries = context.written?.take() ?? [];
  if (!context.written || queries.length === 0) return undefined;
  context.written.traced = Promise.all(queries.map((query) => traced(context, query)));
  return context.written.traced;
}

/** Notes that a table of these columns gets those of a query, in order; or those that are named at their places. */
export function noteColumns(
  { written }: StatementContext,
  { table, schema, names = schema }: { table: TableName; schema: string[]; names?: readonly (string | undefined)[] },
  query: BoundQuery,
): void {
  if (!written) return;
  const readsNothing = query.tables.size === 0 && [...query.rows.values()].every(({ origin }) => origin === 'values');
  const columns = names.flatMap((name, place) => (name === undefined ? [] : [{ name, place }]));
  if (!readsNothing && columns.length > 0) written.note({ table, schema, query, columns });
}

/** The names of the columns that a change gives values, each at its place among those of the change's query. */
export function assignedNames(columns: readonly TableColumn[], assigned: ReadonlySet<number>): (string | undefined)[] {
  return columns.map(({ field, fieldId }) => (assigned.has(fieldId) ? field.name : undefined));
}

/** What the statements of a transaction have written, when it is committed. Of one that failed after it had staged its change, nothing is known. */
export function noteCommitted({ call }: StatementContext, staged: readonly (WrittenQueries | undefined)[]): void {
  const { run } = call.report;
  const all = [...new Set(staged)].flatMap((written) => {
    return written ? [written.traced ?? Promise.resolve(written.take().map(unknownLineage))] : [];
  });
  if (run && all.length > 0) run.columns = Promise.all(all).then((found) => together(found.flat()));
}

async function traced(context: StatementContext, written: WrittenQuery): Promise<ColumnLineage> {
  const { environment, call } = context;
  const { query } = written;
  if (query.sql.length > LONGEST_TEXT) return unknownLineage(written);
  try {
    const { parser } = await environment.engine(call);
    const tree = await parser.syntaxTree(query.sql, { statement: call.id });
    return columnLineage(written, traceQuery(tree, sourcesOf(query)));
  } catch (error) {
    if (!(error instanceof Untraceable)) {
      environment.warn(
        { statement: call.id, error: (error as Error).name },
        'Columns that were written are not traced',
      );
    }
    return unknownLineage(written);
  }
}
