/** The columns that texts have, as they were found. */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { shapeOf } from '../../../../arrow/index.js';
import type { TableBinding } from '../../contract.js';
import type { ResultColumn } from './stream.js';

const MOST_TEXTS = 2000;

/** What a text without parameters gives hangs on nothing but the text and the types of its tables. */
export class KnownColumns {
  readonly #known = new LRUCache<string, readonly ResultColumn[]>({ max: MOST_TEXTS });

  of(sql: string, tables: readonly TableBinding[]): readonly ResultColumn[] | undefined {
    return this.#known.get(keyOf(sql, tables));
  }

  keep(sql: string, tables: readonly TableBinding[], columns: readonly ResultColumn[]): void {
    if (columns.every(({ type }) => type.known)) this.#known.set(keyOf(sql, tables), columns);
  }
}

function keyOf(sql: string, tables: readonly TableBinding[]): string {
  const shapes = tables.map(({ name, columns, rowColumns, functions }) => [
    name,
    columns.map(({ field }) => shapeOf(field)),
    rowColumns,
    functions,
  ]);
  return createHash('sha256')
    .update(JSON.stringify([sql, shapes]))
    .digest('base64');
}
