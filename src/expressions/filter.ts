import type { Literal } from './literal.js';

/** A predicate over one table's columns that every wanted row satisfies. What could not be expressed has been left out. */
export type Filter =
  | { op: 'and' | 'or'; operands: Filter[] }
  | { op: 'not'; operand: Filter }
  | { op: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge'; column: string; value: Literal }
  | { op: 'in'; column: string; values: Literal[] }
  | { op: 'isNull' | 'notNull'; column: string }
  | { op: 'startsWith'; column: string; prefix: string };
