/** What engine processes answered about texts over tables without rows, which hangs on nothing but the text, its time zone and the tables' columns. */
import { createHash } from 'node:crypto';
import { serialize } from 'node:v8';
import { LRUCache } from 'lru-cache';
import type { WireTable } from '../protocol/index.js';

/** Bytes of answers that are kept. */
const KEPT_BYTES = 16 * 2 ** 20;

export interface PlannedText {
  sql: string;
  tables: readonly WireTable[];
  timeZone: string | undefined;
}

/** Answers of all sessions. */
export class PlannedTexts {
  readonly #kept = new LRUCache<string, { answer: unknown; bytes: number }>({
    maxSize: KEPT_BYTES,
    sizeCalculation: ({ bytes }, key) => bytes + key.length,
  });

  /** The answer that is kept for such a question, or the one that is found now. */
  async get<T>(question: string, { sql, tables, timeZone }: PlannedText, find: () => Promise<T>): Promise<T> {
    const key = createHash('sha256')
      .update(serialize([question, sql, tables, timeZone]))
      .digest('base64');
    const known = this.#kept.get(key);
    if (known) return known.answer as T;
    const answer = await find();
    this.#kept.set(key, { answer, bytes: serialize(answer).length });
    return answer;
  }
}
