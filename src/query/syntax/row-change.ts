/** Statements that change rows of a table. Expressions, conditions and sources are text, with parameters written as `$1`, `$2`, …. */

import type { InsertStatement } from './insert-statement.js';

/** The statement as it was written, and which pieces of it are expressions or lists of tables: where to look for a syntax error. */
export interface StatementText {
  sql: string;
  /** Characters [start, end). */
  pieces: { kind: 'expression' | 'tables'; start: number; end: number }[];
}

export interface ChangeTarget {
  table: string[];
  alias?: string;
  /** Common table expressions in front of the statement, `WITH` included. */
  with?: string;
}

export interface DeleteStatement {
  kind: 'delete';
  target: ChangeTarget;
  using?: string;
  where?: string;
}

export interface TruncateStatement {
  kind: 'truncate';
  target: ChangeTarget;
}

/** The column, or the path of a field in a struct, and its new value; absent for DEFAULT. */
export interface Assignment {
  path: string[];
  value?: string;
}

export interface UpdateStatement {
  kind: 'update';
  target: ChangeTarget;
  assignments: Assignment[];
  from?: string;
  where?: string;
}

export interface MergeStatement {
  kind: 'merge';
  target: ChangeTarget;
  source: MergeSource;
  /** The condition, or the columns that both sides have. */
  on: { condition: string } | { columns: string[] };
  clauses: MergeClause[];
}

export interface MergeSource {
  text: string;
  /** The name by which the statement knows it. */
  name?: string;
}

export interface MergeClause {
  /** `matched` rows are in both, `source` rows only in the source, `target` rows only in the table. */
  rows: 'matched' | 'source' | 'target';
  condition?: string;
  action: MergeAction;
}

/**
 * Whole rows: `*` is every column of the table, by the name that it has in the source; `name` those that the source has, and `position` the
 * columns of the source in their order.
 */
export type WholeRow = '*' | 'name' | 'position';

export type MergeAction =
  | { kind: 'nothing' }
  /** Fails, with the value of an expression. */
  | { kind: 'error'; message?: string }
  | { kind: 'delete' }
  | { kind: 'update'; assignments: Assignment[] | WholeRow }
  | { kind: 'insert'; columns?: string[]; values: (string | undefined)[] | WholeRow };

/** INSERT … RETURNING. */
export interface InsertRowsStatement {
  kind: 'insert-rows';
  target: ChangeTarget;
  insert: InsertStatement;
}

export type RowChange = (DeleteStatement | UpdateStatement | MergeStatement | InsertRowsStatement) & {
  written: StatementText;
  /** The list of expressions after RETURNING. */
  returning?: string;
};
