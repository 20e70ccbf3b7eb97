/** The queries whose columns a statement writes, as it notes them while it runs. */
import type { ListedTable, RowsTable } from '../rows.js';
import { tableKey } from '../tables/names.js';
import type { PinnedTable } from '../tables/pinned-table.js';
import type { ColumnLineage, WrittenTable } from './column-lineage.js';

export interface WrittenQuery extends WrittenTable {
  /** Its text, and what the names of tables in it stand for. */
  query: { sql: string; tables: ReadonlyMap<string, PinnedTable>; rows: ReadonlyMap<string, RowsTable | ListedTable> };
}

export class WrittenQueries {
  readonly #queries = new Map<string, WrittenQuery>();
  /** What the columns are made of, as far as it can be told; never rejected. */
  traced: Promise<ColumnLineage[]> | undefined;

  /** What is computed anew is noted anew. */
  note(written: WrittenQuery): void {
    this.#queries.set(tableKey(written.table), written);
  }

  /** Those that were noted since the last time. */
  take(): WrittenQuery[] {
    const queries = [...this.#queries.values()];
    this.#queries.clear();
    return queries;
  }
}
