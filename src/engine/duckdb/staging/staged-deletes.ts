/** The delete files of one scan, each brought to local disk once however many data files it applies to. */
import type { FileTask } from '../../../iceberg/contract.js';
import { readDeletionVector } from '../../../iceberg/index.js';
import type { DeleteFile } from '../../../iceberg/types.js';
import type { PinnedTable } from '../../contract.js';
import type { EqualityDeletes, ParquetSource } from '../contract.js';
import type { LocalFiles } from './local-files.js';
import { readableFile } from './readable-file.js';
import { refuseSharedFieldIds } from './refusals.js';

export class StagedDeletes {
  readonly #local: LocalFiles;
  readonly #table: PinnedTable;
  readonly #positions = new Shared((file) => wholeDeletes(this.#local, this.#table, file));
  readonly #equality = new Shared((file) => this.#equalityDeletes(file));

  constructor(local: LocalFiles, table: PinnedTable) {
    this.#local = local;
    this.#table = table;
  }

  async of({
    deletes,
  }: FileTask): Promise<Pick<ParquetSource, 'deletedPositions' | 'positionDeletes' | 'equalityDeletes'>> {
    const positional = deletes.filter(({ content }) => content === 'position-deletes');
    const vector = positional.find(({ format }) => format === 'puffin');
    const deletedPositions = vector && (await readDeletionVector(vector, this.#table.storage));
    return {
      ...(deletedPositions && { deletedPositions }),
      positionDeletes: await this.#positions.of(positional.filter(({ format }) => format === 'parquet')),
      equalityDeletes: await this.#equality.of(deletes.filter(({ content }) => content === 'equality-deletes')),
    };
  }

  async #equalityDeletes(file: DeleteFile): Promise<EqualityDeletes> {
    const readable = await readableFile(this.#local, this.#table, file);
    refuseSharedFieldIds(file, readable.columns, new Set(file.equalityIds));
    return {
      path: await this.#local.whole(this.#table, file, readable),
      fieldIds: file.equalityIds ?? [],
      columns: readable.columns,
    };
  }
}

/** The local copy of a delete file. */
export async function wholeDeletes(local: LocalFiles, table: PinnedTable, file: DeleteFile): Promise<string> {
  return local.whole(table, file, await readableFile(local, table, file));
}

interface Staged<T> {
  number: number;
  value: Promise<T>;
  /** Once it is there. */
  ready?: T;
}

/** What each file is staged as, and lists of that: equal ones are one array, since there may be as many as data files, and long. */
class Shared<T> {
  readonly #stage: (file: DeleteFile) => Promise<T>;
  readonly #files = new Map<string, Staged<T>>();
  readonly #lists = new Map<string, T[]>();

  constructor(stage: (file: DeleteFile) => Promise<T>) {
    this.#stage = stage;
  }

  async of(files: readonly DeleteFile[]): Promise<T[]> {
    const staged = files.map((file) => this.#staged(file));
    for (const one of staged) if (one.ready === undefined) one.ready = await one.value;
    const key = staged.map(({ number }) => number).join(' ');
    const list = this.#lists.get(key) ?? staged.map(({ ready }) => ready as T);
    this.#lists.set(key, list);
    return list;
  }

  #staged(file: DeleteFile): Staged<T> {
    const known = this.#files.get(file.location);
    if (known) return known;
    const value = this.#stage(file);
    // Of several that fail, only one is waited for.
    value.catch(() => undefined);
    const staged = { number: this.#files.size, value };
    this.#files.set(file.location, staged);
    return staged;
  }
}
