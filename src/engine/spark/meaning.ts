import { messageOf, SkuaError } from '../../errors.js';
import type { SparkSession } from './client/index.js';

/** A sum that fails in the local engine, and in Apache Spark by the settings that sessions are given. */
const OVERFLOW = 'SELECT CAST(2147483647 AS INT) + CAST(1 AS INT)';
/** How long it may take, in milliseconds; a cluster may be starting. */
const PATIENCE = 120_000;

/**
 * Asks a cluster, once, whether it takes the settings by which its answers are the same as the local ones. One that speaks the protocol and computes in its own
 * way: FAILED_PRECONDITION.
 */
export class Meaning {
  readonly #engine: string;
  #isKnown = false;

  constructor(engine: string) {
    this.#engine = engine;
  }

  async check(session: SparkSession): Promise<void> {
    if (this.#isKnown) return;
    try {
      for await (const _ of session.execute(OVERFLOW, AbortSignal.timeout(PATIENCE)));
    } catch (error) {
      if (!/overflow/i.test(messageOf(error))) throw error;
      this.#isKnown = true;
      return;
    }
    throw new SkuaError(
      'FAILED_PRECONDITION',
      `The cluster "${this.#engine}" does not compute as Apache Spark does with spark.sql.ansi.enabled: a sum that overflows gives a value. Its answers would be others than the local ones`,
    );
  }
}
