/** The files of a table, and those of them that may hold rows for a condition. */
import type { PlannedScan } from '../../../engine/contract.js';
import { SkuaError } from '../../../errors.js';
import type { FileTask } from '../../../iceberg/contract.js';
import { planScan } from '../../../iceberg/index.js';
import { abortController, anySignal } from '../../../signal.js';
import { quoteName, quoteString, tokenize } from '../../../sql/index.js';
import type { StatementContext } from '../../environment.js';
import { Binder } from '../../reading/bind.js';
import { type BoundQuery, statementOf, valuesOf } from '../../reading/bound-query.js';
import { bindQuery } from '../../reading/query.js';
import { applyEdits, type Edit } from '../../syntax/rewrite.js';
import { schemaName } from '../../tables/names.js';
import { metadataCacheOf, type PinnedTable } from '../../tables/tables.js';

export async function allFiles(context: StatementContext, table: PinnedTable): Promise<FileTask[]> {
  const { metadata, snapshotId, storage } = table;
  const cache = metadataCacheOf(context, table);
  return (await planScan({ metadata, snapshotId, storage, signal: context.call.signal, cache })).tasks;
}

/** What pruning leaves of them; rows without a place in the condition may be among theirs. */
export async function filesWhere(
  context: StatementContext,
  table: PinnedTable,
  condition: string | undefined,
): Promise<FileTask[]> {
  if (condition === undefined) return allFiles(context, table);
  const sql = `SELECT 1 FROM ${nameSql(table)} WHERE (${withStrings(table, condition)}\n)`;
  const { branch: _, ...named } = table;
  const bound = await new Binder(context, {}, [named]).bind(sql);
  const filter = await filterOf(context, table, bound);
  // A condition that can't be true reads nothing of the table.
  if (filter === 'none' || (filter === undefined && (await isNeverTrue(context, condition)))) return [];
  const { metadata, snapshotId, storage, schema } = table;
  const cache = metadataCacheOf(context, table);
  const request = { metadata, snapshotId, storage, schema, signal: context.call.signal, cache };
  return (await planScan({ ...request, ...(filter && { filter }) })).tasks;
}

/** What the engine makes of the condition, which is told once the scan is planned; its files need not be fetched. */
async function filterOf(
  context: StatementContext,
  table: PinnedTable,
  bound: BoundQuery,
): Promise<PlannedScan['filter'] | 'none'> {
  const planned = abortController();
  let found: PlannedScan['filter'] | 'none' = 'none';
  const onPlanned = ({ filter }: PlannedScan) => {
    found = filter;
    planned.abort();
  };
  const statement = statementOf(context, bound);
  const tables = statement.tables.map((one) =>
    one.kind === 'iceberg' && one.table.metadata === table.metadata
      ? { ...one, table: { ...one.table, onPlanned } }
      : one,
  );
  const engine = await context.environment.engine(context.call);
  const signal = anySignal(context.call.signal, planned.signal);
  try {
    await engine.explain({ ...statement, tables }, { analyze: false, signal });
  } catch (error) {
    if (!planned.signal.aborted || context.call.signal.aborted) throw error;
  }
  return found;
}

/** Of a condition that names no column. */
async function isNeverTrue(context: StatementContext, condition: string): Promise<boolean> {
  try {
    const bound = await bindQuery(context, `SELECT 1 WHERE (${condition}\n)`);
    return (
      (await valuesOf(await context.environment.engine(context.call), statementOf(context, bound), context.call.signal))
        .length === 0
    );
  } catch (error) {
    if (error instanceof SkuaError && error.code === 'INVALID_ARGUMENT') return false;
    throw error;
  }
}

/** The table as it stands in a FROM clause. */
function nameSql({ name: { catalog, namespace, name } }: PinnedTable): string {
  return [catalog, schemaName(namespace), name].map(quoteName).join('.');
}

/** Texts in double quotes that name no column are strings, as in Spark. */
function withStrings({ schema }: PinnedTable, condition: string): string {
  const columns = new Set(schema.fields.map(({ name }) => name.toLowerCase()));
  const edits: Edit[] = [];
  for (const { kind, text, start, end } of tokenize(condition)) {
    if (kind !== 'quoted' || condition[start] !== '"' || columns.has(text.toLowerCase())) continue;
    edits.push({ start, end, text: quoteString(text) });
  }
  return applyEdits(condition, edits);
}
