import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { SkuaError } from '../../../errors.js';
import type { ProcessEnd } from './process-end.js';

/** So often may a text end its engine process. */
const MOST_DEATHS = 2;
/** How long a text is refused then, in milliseconds. */
const REFUSED = 10 * 60_000;
const REMEMBERED = 1000;

/** Statements that ended their engine process, each time alone in it. */
export class FatalTexts {
  readonly #deaths = new LRUCache<string, number>({ max: REMEMBERED, ttl: REFUSED });

  /** A text that ended its process twice: FAILED_PRECONDITION for a while. */
  check(sql: string): void {
    if (this.#deaths.size === 0) return;
    const key = keyOf(sql);
    if ((this.#deaths.get(key) ?? 0) < MOST_DEATHS) return;
    const minutes = Math.ceil(this.#deaths.getRemainingTTL(key) / 60_000);
    throw new SkuaError(
      'FAILED_PRECONDITION',
      `this statement has ended its engine process ${MOST_DEATHS} times; it is refused for the next ${minutes} minutes`,
    );
  }

  /** Counts the text that ran, if there was only one: of several, any may have been the one. */
  count({ victims }: ProcessEnd): void {
    const [culprit] = new Set(victims.map(({ sql }) => sql));
    if (culprit === undefined || victims.some(({ sql }) => sql !== culprit)) return;
    const key = keyOf(culprit);
    this.#deaths.set(key, (this.#deaths.get(key) ?? 0) + 1);
  }
}

function keyOf(sql: string): string {
  return createHash('sha256').update(sql).digest('base64');
}
