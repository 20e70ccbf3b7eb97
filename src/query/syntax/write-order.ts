/** `ALTER TABLE … WRITE`, the order and distribution of written rows in the words of Iceberg's extensions of Spark. */
import type { TableAlteration } from './alteration.js';
import { parseSortTerm } from './clauses.js';
import type { Cursor } from './cursor.js';
import type { SortDefinition } from './partition.js';

/**
 * `[LOCALLY] ORDERED BY term, …`, `UNORDERED`, `DISTRIBUTED BY PARTITION [[LOCALLY] ORDERED BY …]`, in either order; from behind WRITE on. The
 * distribution is the table property `write.distribution-mode`.
 */
export function parseWriteOrder(cursor: Cursor): TableAlteration[] {
  let isDistributed = false;
  let isLocal = false;
  let order: SortDefinition[] | undefined;
  for (;;) {
    if (!isDistributed && cursor.accept('DISTRIBUTED', 'BY', 'PARTITION')) isDistributed = true;
    else if (!order && cursor.accept('LOCALLY', 'ORDERED', 'BY')) {
      isLocal = true;
      order = parseTerms(cursor);
    } else if (!order && cursor.accept('ORDERED', 'BY')) order = parseTerms(cursor);
    else if (!order && cursor.accept('UNORDERED')) order = [];
    else break;
  }
  if (!isDistributed && !order)
    throw cursor.error('Expected ORDERED BY, LOCALLY ORDERED BY, UNORDERED or DISTRIBUTED BY PARTITION');
  const sorting: TableAlteration = { kind: 'set-sort-order', fields: order ?? [] };
  // An order within each writer says nothing of how rows come to the writers.
  if (isLocal && !isDistributed) return [sorting];
  const mode = isDistributed ? 'hash' : order?.length === 0 ? 'none' : 'range';
  return [sorting, { kind: 'set-properties', properties: { 'write.distribution-mode': mode } }];
}

/** Terms with commas between them, which may stand in parentheses. */
function parseTerms(cursor: Cursor): SortDefinition[] {
  const isEnclosed = cursor.acceptSymbol('(');
  const terms: SortDefinition[] = [];
  do terms.push(parseSortTerm(cursor));
  while (cursor.acceptSymbol(','));
  if (isEnclosed) cursor.expectSymbol(')');
  return terms;
}
