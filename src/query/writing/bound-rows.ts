/** A statement that runs once for each of many bound rows, as one query. */
import { Field, Int64, Schema } from 'apache-arrow';
import { type ColumnarBatch, rowsToBatch } from '../../arrow/index.js';
import type { ParameterRow, QueryDescription } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import { quoteName } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import type { BoundQuery } from '../reading/bound-query.js';
import { describeBound } from '../reading/query.js';
import type { RowsTable } from '../rows.js';
import { Cursor } from '../syntax/cursor.js';
import { applyEdits, type Edit } from '../syntax/rewrite.js';
import { volatileCalls } from '../syntax/volatile.js';

/**
 * The query once for each row of parameters, as one query: the parameters become columns of a table that the query is laterally joined
 * to, cast to the types that the query was described with. Nothing is pasted into the text.
 */
export function withParameters(query: BoundQuery, parameters: RowsTable, types: QueryDescription['types']): BoundQuery {
  const cursor = new Cursor(query.sql);
  const edits: Edit[] = [];
  let ordinal = 0;
  for (; !cursor.ended; cursor.next()) {
    const token = cursor.peek();
    if (token?.kind !== 'parameter') continue;
    const written = token.text.slice(1);
    const index = written === '' ? ordinal++ : Number(written) - 1;
    const field = parameters.schema.fields[index];
    if (!field) throw new SkuaError('INVALID_ARGUMENT', `Parameter ${index + 1} has no value`);
    const value = `${quoteName(parameters.name)}.${quoteName(field.name)}`;
    const type = types[index];
    const text = type === undefined ? value : `CAST(${value} AS ${type})`;
    edits.push({ start: token.start, end: token.end, text });
  }
  const calls = volatileCalls(cursor.tokens);
  const given = calls.length > 0 ? withOrdinals(parameters) : parameters;
  const last = given.schema.fields.at(-1)?.name ?? '';
  // The engine computes a lateral query once for bound rows that are equal, and once for all where it looks at none of them.
  for (const { start, end } of calls) {
    const isBound = `${quoteName(given.name)}.${quoteName(last)} IS NOT NULL`;
    edits.push({ start, end: start, text: `CASE WHEN ${isBound} THEN ` }, { start: end, end, text: ' END' });
  }
  const lateral = applyEdits(query.sql, edits);
  const rows = new Map(query.rows).set(given.name, given);
  return {
    ...query,
    rows,
    sql: `SELECT ${quoteName('row')}.* FROM ${quoteName(given.name)}, LATERAL (${lateral}) AS ${quoteName('row')}`,
    parameterCount: 0,
  };
}

/** The bound rows with one more column, the last: which of them it is. */
export function withOrdinals(parameters: RowsTable): RowsTable {
  const ordinal = new Field(`p${parameters.schema.fields.length + 1}`, new Int64(), true);
  let first = 0;
  const batches = parameters.batches.map((batch): ColumnarBatch => {
    const numbers = Array.from({ length: batch.length }, (_, index) => [BigInt(first + index)]);
    first += batch.length;
    const column = rowsToBatch(new Schema([ordinal]), numbers);
    return {
      ...batch,
      nodes: [...batch.nodes, ...column.nodes],
      buffers: [...batch.buffers, ...column.buffers],
    };
  });
  return { ...parameters, schema: new Schema([...parameters.schema.fields, ordinal]), batches };
}

/**
 * Whether the query may run for all bound rows as one, which `withParameters` made: some things the engine takes from a parameter alone, and not
 * from a column, such as the rows of a LIMIT.
 */
export async function runsTogether(context: StatementContext, together: BoundQuery): Promise<boolean> {
  try {
    await describeBound(context, together);
    return true;
  } catch (error) {
    if (error instanceof SkuaError && (error.code === 'INVALID_ARGUMENT' || error.code === 'UNIMPLEMENTED'))
      return false;
    throw error;
  }
}

/** Each bound row by itself. */
export function parameterRowsOf({ schema, batches }: RowsTable, types?: QueryDescription['types']): ParameterRow[] {
  return batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, index) => ({ schema, batch, index, ...(types && { types }) })),
  );
}
