/** The views and variables that a query reads: a ticket means what its plan meant, or nothing any more. */
import { createHash } from 'node:crypto';
import { SkuaError } from '../../errors.js';
import type { NamePin } from '../contract.js';

export class NamePins {
  readonly #planned: ReadonlyMap<string, string> | undefined;
  readonly #read = new Map<string, string>();

  /** `planned`: those of the plan that is carried out, where there is one. */
  constructor(planned: readonly NamePin[] | undefined) {
    this.#planned = planned && new Map(planned.map(({ name, digest }) => [name, digest]));
  }

  /** Whether the plan that is carried out reads the name; undefined where there is none. */
  isPlanned(name: string): boolean | undefined {
    return this.#planned?.has(name);
  }

  /** Notes what a name means. One that means something else than when the query was planned, or that meant nothing then: FAILED_PRECONDITION. */
  read(name: string, meaning: readonly unknown[]): void {
    const digest = createHash('sha256').update(JSON.stringify(meaning)).digest('base64url').slice(0, 22);
    if (this.#planned && this.#planned.get(name) !== digest) throw replaced(name);
    this.#read.set(name, digest);
  }

  /** Once all are read. A name that the query read when it was planned and reads no more: FAILED_PRECONDITION. */
  finish(): NamePin[] {
    for (const name of this.#planned?.keys() ?? []) if (!this.#read.has(name)) throw replaced(name);
    return [...this.#read].map(([name, digest]) => ({ name, digest }));
  }
}

function replaced(name: string): SkuaError {
  return new SkuaError('FAILED_PRECONDITION', `The ${name} was replaced after the query was planned; plan it again`);
}
