/** The views that a query reads: a ticket means what its plan meant, or nothing any more. */
import { createHash } from 'node:crypto';
import { SkuaError } from '../../errors.js';
import type { ViewPin } from '../contract.js';

export class ViewPins {
  readonly #planned: ReadonlyMap<string, string> | undefined;
  readonly #read = new Map<string, string>();

  /** `planned`: those of the plan that is carried out, where there is one. */
  constructor(planned: readonly ViewPin[] | undefined) {
    this.#planned = planned && new Map(planned.map(({ name, digest }) => [name, digest]));
  }

  /** Notes a view. One that says something else than when the query was planned, or that was none then: FAILED_PRECONDITION. */
  read(name: string, meaning: readonly unknown[]): void {
    const digest = createHash('sha256').update(JSON.stringify(meaning)).digest('base64url').slice(0, 22);
    if (this.#planned && this.#planned.get(name) !== digest) throw replaced(name);
    this.#read.set(name, digest);
  }

  /** Once all are read. What was a view when the query was planned and is none now: FAILED_PRECONDITION. */
  finish(): ViewPin[] {
    for (const name of this.#planned?.keys() ?? []) if (!this.#read.has(name)) throw replaced(name);
    return [...this.#read].map(([name, digest]) => ({ name, digest }));
  }
}

function replaced(name: string): SkuaError {
  return new SkuaError('FAILED_PRECONDITION', `View ${name} was replaced after the query was planned; plan it again`);
}
