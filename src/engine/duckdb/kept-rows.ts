import { Schema } from 'apache-arrow';
import { SkuaError } from '../../errors.js';
import type { TableColumn } from '../../expressions/index.js';
import type { WrittenFile } from '../../parquet/index.js';
import type { KeptRows, TableRead } from '../contract.js';
import { rowsScan } from './bindings.js';
import type { TableScan } from './contract.js';

/** Rows in local Parquet files. */
export class KeptFiles implements KeptRows {
  readonly #files: readonly WrittenFile[];
  readonly #remove: () => Promise<void>;
  readonly count: number;

  constructor(
    files: readonly WrittenFile[],
    readonly columns: readonly TableColumn[],
    readonly reads: readonly TableRead[],
    remove: () => Promise<void>,
  ) {
    this.#files = files;
    this.#remove = remove;
    this.count = files.reduce((sum, { rowCount }) => sum + rowCount, 0);
  }

  /** Rows of another engine: INTERNAL. */
  static scan(name: string, rows: KeptRows): TableScan {
    if (!(rows instanceof KeptFiles)) throw new SkuaError('INTERNAL', `the rows of ${name} are kept by another engine`);
    const columns = [...rows.columns];
    const schema = new Schema(columns.map(({ field }) => field));
    if (rows.#files.length === 0) return rowsScan(name, { schema, batches: [] }, columns);
    return { name, columns, source: { kind: 'local', paths: rows.#files.map(({ path }) => path) } };
  }

  release(): Promise<void> {
    return this.#remove();
  }
}
