/** INSERT as it was written. */
export interface InsertStatement {
  kind: 'insert';
  table: string[];
  columns?: string[] | undefined;
  /** Columns go by the names that the query gives them. */
  byName: boolean;
  /** The rows take the place of those that are there. */
  overwrite: boolean;
  /** SELECT or VALUES. Absent for DEFAULT VALUES. */
  sql?: string | undefined;
  /** The list of expressions after RETURNING. */
  returning?: string | undefined;
}
