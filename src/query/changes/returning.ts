/** RETURNING: what a change answers with, made of the rows that it changed. */
import { Schema } from 'apache-arrow';
import { batchBytes, type ColumnarBatch } from '../../arrow/index.js';
import type { BoundStatement, BoundTable } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import { quoteName } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { statementOver } from '../reading/bound-query.js';
import { namesWholeRow, starEdits, withWholeRow } from '../reading/hidden.js';
import { boundRows } from '../rows.js';
import { variablesOf } from '../session/variable-values.js';
import { normalizeQuery } from '../syntax/normalize.js';
import { applyEdits, type Edit } from '../syntax/rewrite.js';
import type { RowChange } from '../syntax/row-change.js';
import { findCatalog } from '../tables/names.js';
import { namesOf, type PinnedTable } from '../tables/tables.js';
import { type ChangeQuery, changed } from './change-query.js';
import type { ChangedRows } from './changed-rows.js';
import { qualifierOf } from './target.js';

export interface ReturnedRows {
  schema: Schema;
  batches: ColumnarBatch[];
}

/**
 * The query over the changed rows, which stand in `from`. The target's columns are what the list can name, and in MERGE `merge_action`. A
 * subquery or a parameter in the list: UNIMPLEMENTED.
 */
async function returningOver(
  context: StatementContext,
  table: PinnedTable,
  statement: RowChange,
  changedRows: { table: BoundTable; from: string },
): Promise<BoundStatement> {
  const names = namesOf(context);
  const qualifier = qualifierOf(statement.target);
  const text = normalizeQuery(
    `SELECT ${statement.returning}\nFROM ${quoteName(qualifier)}`,
    (name) => findCatalog(names, name) !== undefined,
    variablesOf(context),
  );
  const { environment, call } = context;
  const engine = await environment.engine(call);
  const parsed = await engine.parser.parseQuery(text, { statement: call.id, signal: call.signal });
  const [reference, ...more] = parsed.tables;
  if (!reference || more.length > 0 || parsed.parameterCount > 0) {
    throw new SkuaError(
      'UNIMPLEMENTED',
      'RETURNING takes expressions over the columns of the table, without subqueries and parameters',
    );
  }
  const isMerge = statement.kind === 'merge';
  const columns = [...table.schema.fields.map(({ name }) => quoteName(name)), ...(isMerge ? [mergeAction] : [])];
  const selected = `(SELECT ${columns.join(', ')} FROM ${changedRows.from})`;
  const isWhole = isMerge && namesWholeRow(parsed, reference, table);
  const rows = isWhole ? withWholeRow(selected, qualifier, table) : selected;
  const hidden = isWhole ? ['merge_action', qualifier] : ['merge_action'];
  const edits: Edit[] = isMerge
    ? starEdits(parsed, [{ scope: reference.scope, table: qualifier, columns: hidden }])
    : [];
  edits.push({ start: reference.start, end: reference.end, text: `${rows} AS ${quoteName(qualifier)}` });
  const sql = applyEdits(text, [...edits, ...parsed.corrections.edits]);
  const over = statementOver(context, sql, [changedRows.table]);
  return { ...over, functions: [...over.functions, ...parsed.corrections.functions] };
}

const mergeAction = `CASE WHEN ${quoteName(changed.file)} IS NULL THEN 'INSERT' WHEN ${quoteName(changed.writes)} THEN 'UPDATE' ELSE 'DELETE' END AS merge_action`;

/** The schema of what the statement returns. */
export async function describeReturning(
  context: StatementContext,
  table: PinnedTable,
  statement: RowChange,
  query: ChangeQuery,
): Promise<Schema> {
  const engine = await context.environment.engine(context.call);
  const columns = new Schema(query.columns.map(({ field }) => field));
  const rows = boundRows({ name: 'changed rows', schema: columns, batches: [] });
  const returning = await returningOver(context, table, statement, { table: rows, from: quoteName(rows.name) });
  const { schema } = await engine.describe(returning, { signal: context.call.signal });
  return schema;
}

/** The returned rows. More than a session's temporary tables may hold: RESOURCE_EXHAUSTED, before anything has changed. */
export async function returnedRows(
  context: StatementContext,
  table: PinnedTable,
  statement: RowChange,
  rows: Pick<ChangedRows, 'table' | 'from' | 'engine'>,
): Promise<ReturnedRows> {
  const returning = await returningOver(context, table, statement, rows);
  const { batchBytes: size, temporaryBytes } = context.environment.limits;
  const { schema, batches } = await rows.engine.run(returning, {
    signal: context.call.signal,
    batchBytes: size,
  });
  const collected: ColumnarBatch[] = [];
  let bytes = 0;
  for await (const batch of batches) {
    bytes += batchBytes(batch);
    if (bytes > temporaryBytes) {
      throw new SkuaError(
        'RESOURCE_EXHAUSTED',
        'RETURNING would hold more rows than fit; make the change without it, or in parts',
      );
    }
    collected.push(batch);
  }
  return { schema, batches: collected };
}
