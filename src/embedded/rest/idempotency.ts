/** Changes that come again under the same key are made once (Iceberg REST specification, `Idempotency-Key`). */
import { createHash } from 'node:crypto';
import { badRequest, RestError } from '../request/error.js';
import type { Answer } from './context.js';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** Refusals that depend on who asks, or that time heals, are no final answers. */
const NOT_FINAL = new Set([401, 403, 419, 429]);

/** What is repeated, and by whom. */
export interface Repeatable {
  /** As it came in the header. */
  key: string;
  caller: string;
  /** Method and path. */
  line: string;
  body: string;
}

interface Kept {
  request: string;
  until: number;
  answer: Promise<Answer>;
}

/** The answers to the changes of some time, in memory. */
export class IdempotentAnswers {
  readonly #lifetime: number;
  readonly #kept = new Map<string, Kept>();

  /** `lifetime` in milliseconds. */
  constructor(lifetime: number) {
    this.#lifetime = lifetime;
  }

  /** Does the work, or gives the answer that it had. A key that came with another request: 409; one that is none: 400. */
  async once({ key, caller, line, body }: Repeatable, work: () => Promise<Answer>): Promise<Answer> {
    if (!UUID_V7.test(key)) throw badRequest('The Idempotency-Key is no UUID of version 7');
    this.#forgetOld();
    const request = createHash('sha256').update(`${line}\n${body}`).digest('hex');
    const name = `${caller}\n${key.toLowerCase()}`;
    const known = this.#kept.get(name);
    if (known && known.request !== request) {
      throw new RestError(
        409,
        'IdempotencyKeyConflictException',
        'The Idempotency-Key came with another request before',
      );
    }
    if (known) return known.answer;
    const answer = work();
    this.#kept.set(name, { request, until: Date.now() + this.#lifetime, answer });
    answer.catch((error: unknown) => {
      const isFinal = error instanceof RestError && error.status < 500 && !NOT_FINAL.has(error.status);
      if (!isFinal) this.#kept.delete(name);
    });
    return answer;
  }

  #forgetOld(): void {
    for (const [name, { until }] of this.#kept) {
      if (until > Date.now()) return;
      this.#kept.delete(name);
    }
  }
}
