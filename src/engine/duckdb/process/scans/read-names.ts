import type { ParquetSource } from '../../contract.js';

export interface ReadColumn {
  /** Files that are read alike. */
  files: readonly ParquetSource[];
  /** The name that the files have for the column. */
  column: string;
}

/**
 * The names under which a statement reads columns of files, no two of them alike, so that its plan says which columns of which files it reads.
 * Of files that are read by their own names, the plan says as much where their names differ.
 */
export class ReadNames {
  readonly #columns = new Map<string, ReadColumn>();
  readonly #plain: (readonly ParquetSource[])[] = [];

  /** The name for a column of files; more files may be added to the list. */
  add(files: readonly ParquetSource[], column: string): string {
    const name = `c${this.#columns.size}`;
    this.#columns.set(name, { files, column });
    return name;
  }

  /** Files that are read by their own names; more may be added to the list. */
  addPlain(files: readonly ParquetSource[]): void {
    this.#plain.push(files);
  }

  /** Groups of files that are read by their own names. */
  get plain(): readonly (readonly ParquetSource[])[] {
    return this.#plain;
  }

  get(name: string): ReadColumn | undefined {
    return this.#columns.get(name);
  }
}
