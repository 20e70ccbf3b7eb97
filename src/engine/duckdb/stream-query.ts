/** A query from its text to its rows, in portions where its files allow it. */
import type { ColumnarBatch } from '../../arrow/index.js';
import type { BoundStatement, ResultStream, RunOptions } from '../contract.js';
import { PortionRuns } from './portion-runs.js';
import type { Workplace } from './staging/over-staged.js';
import { portionsOf } from './staging/portions.js';
import { withoutValues } from './staging/restricted-errors.js';
import { demandsOf } from './staging/stage-statement.js';

/**
 * Starts the query, in portions where its files allow it; each again, from the stream, where before its first batch files turn out to be damaged, or
 * the engine process ends that may have been ended by somebody else's statement.
 */
export async function streamQuery(
  place: Workplace,
  statement: BoundStatement,
  options: RunOptions,
): Promise<ResultStream> {
  const demands = await demandsOf(place.engine, statement, options);
  const portions = await portionsOf(place, { statement, demands }, options);
  const runs = new PortionRuns(place, portions, options);
  const first = await runs.start();
  const batches = async function* (): AsyncGenerator<ColumnarBatch> {
    try {
      yield* runs.batches();
    } catch (error) {
      throw withoutValues(statement, error);
    } finally {
      await runs.end();
    }
  };
  return { schema: first.schema, batches: batches(), close: () => runs.end() };
}
