import { expect, it } from 'vitest';
import type { PlanOperator } from '../../src/engine/contract.js';
import { planLines } from '../../src/query/plan-lines.js';

const scan = (table: string, more: Partial<PlanOperator> = {}): PlanOperator => ({
  operator: 'TABLE_SCAN',
  table,
  details: { Projections: ['id'] },
  children: [],
  ...more,
});

it('a plan is drawn as a tree, each operator with its details and the rows that were expected and that came', () => {
  const plan: PlanOperator = {
    operator: 'HASH_JOIN',
    details: { 'Join Type': ['INNER'], Conditions: ['a = b', 'c = d'] },
    estimatedRows: 1200,
    children: [
      scan('t0', { rows: 1, estimatedRows: 7, seconds: 0.0123 }),
      { operator: 'FILTER', details: {}, rows: 0, children: [scan('t1')] },
    ],
  };
  expect(planLines(plan, new Map([['t0', 'lake.sales.orders']]))).toEqual([
    'HASH_JOIN (~1,200 rows)',
    '│   Join Type: INNER',
    '│   Conditions: a = b, c = d',
    '├─ TABLE_SCAN lake.sales.orders (1 row, ~7 rows estimated, 12.3 ms)',
    '│      Projections: id',
    '└─ FILTER (0 rows)',
    '   └─ TABLE_SCAN t1',
    '          Projections: id',
  ]);
});
