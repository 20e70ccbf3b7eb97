import type { TableScan } from '../../contract.js';
import { quoteIdentifier } from '../native/text.js';
import { sqlTypeOf } from '../types/sql-type.js';

/**
 * The rows of a SELECT as the scan's barrier lets them be seen. The optimiser moves neither a filter nor any other expression of the text
 * past a sample, not even past one of all rows, which costs next to nothing: nothing that the text says is computed on what is below.
 */
export function behindBarrier({ barrier, columns }: TableScan, select: string): string {
  if (!barrier) return select;
  const masks = new Map(barrier.masks.map(({ name, value }) => [name, value]));
  const outputs = columns.map(({ field }) => {
    const name = quoteIdentifier(field.name);
    const value = masks.get(field.name);
    return value === undefined ? name : `CAST(${value} AS ${sqlTypeOf(field)}) AS ${name}`;
  });
  const kept = `SELECT * FROM (${select}) WHERE ${barrier.condition ?? 'true'}`;
  return `SELECT * FROM (SELECT ${outputs.join(', ')} FROM (${kept})) TABLESAMPLE SYSTEM(100 PERCENT)`;
}
