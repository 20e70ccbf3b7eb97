import type { TableScan } from '../../contract.js';
import { quoteIdentifier } from '../native/text.js';
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

/** The rows of a SELECT, past which nothing of the text goes where that would mislead the engine. */
export function apart({ isApart }: Pick<TableScan, 'isApart'>, select: string): string {
  return isApart ? `SELECT * FROM (${select}) TABLESAMPLE SYSTEM(100 PERCENT)` : select;
}
