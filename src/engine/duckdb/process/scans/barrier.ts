import type { Field } from 'apache-arrow';
import type { TableScan } from '../../contract.js';
import { quoteIdentifier } from '../native/text.js';
import { mayBecomeDate } from '../types/dates.js';
import { holds } from '../types/nested.js';
import { sqlTypeOf } from '../types/sql-type.js';

/**
 * The rows of a SELECT as the scan's barrier lets them be seen. The optimiser moves neither a filter nor any other expression of the text
 * past a sample, not even past one of all rows, which costs next to nothing: nothing that the text says is computed on rows that the
 * condition drops. What it moves past the masks is computed on masked values there, too.
 */
export function behindBarrier({ barrier, columns }: TableScan, select: string): string {
  if (!barrier) return select;
  const { condition } = barrier;
  const masks = new Map(barrier.masks.map(({ name, value }) => [name, value]));
  const outputs = columns.map(({ field }) => {
    const name = quoteIdentifier(field.name);
    const value = masks.get(field.name);
    return value === undefined ? name : `CAST(${value} AS ${sqlTypeOf(field)}) AS ${name}`;
  });
  const kept =
    condition === undefined
      ? `(${select})`
      : `(SELECT * FROM (${select}) WHERE ${condition}) TABLESAMPLE SYSTEM(100 PERCENT)`;
  return `SELECT ${outputs.join(', ')} FROM ${kept}`;
}

/**
 * The rows of a SELECT as the engine may know of them. It casts the ends of a range of dates to moments as if every session were in UTC, and has
 * no range of what it computes.
 */
export function apart({ isApart, hidesDates, columns }: TableScan, select: string): string {
  const rows = isApart ? `SELECT * FROM (${select}) TABLESAMPLE SYSTEM(100 PERCENT)` : select;
  const hidden = hidesDates
    ? columns.filter(({ field }) => holds(field, mayBecomeDate)).map(({ field }) => withoutRange(field))
    : [];
  return hidden.length > 0 ? `SELECT * REPLACE (${hidden.join(', ')}) FROM (${rows})` : rows;
}

/** The value as it is; the engine has no range of a CASE. */
function withoutRange(field: Field): string {
  const name = quoteIdentifier(field.name);
  return `CASE WHEN ${name} IS NULL THEN NULL ELSE ${name} END AS ${name}`;
}
