/** Errors of the engine that name a local copy name the data file instead. */
import { basename } from 'node:path';
import type { ColumnarBatch } from '../../arrow/index.js';
import type { EngineInstance, ResultStream, TableScan } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';

/** The same instance, whose errors name data and delete files by their locations. */
export function namingDataFiles(engine: EngineInstance): EngineInstance {
  const naming = async <T>(scans: readonly TableScan[], work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw withLocations(error, scans);
    }
  };
  return {
    parser: engine.parser,
    describe: (...given) => engine.describe(...given),
    demand: (...given) => engine.demand(...given),
    unreadable: (...given) => engine.unreadable(...given),
    columnValues: (scan, ...rest) => naming([scan], engine.columnValues(scan, ...rest)),
    explain: (sql, scans, ...rest) => naming(scans, engine.explain(sql, scans, ...rest)),
    async run(sql, scans, options): Promise<ResultStream> {
      const { schema, batches } = await naming(scans, engine.run(sql, scans, options));
      return { schema, batches: namedBatches(batches, scans) };
    },
    writeParquet: (sql, scans, options) => naming(scans, engine.writeParquet(sql, scans, options)),
    close: () => engine.close(),
  };
}

async function* namedBatches(
  batches: AsyncIterable<ColumnarBatch>,
  scans: readonly TableScan[],
): AsyncGenerator<ColumnarBatch> {
  try {
    yield* batches;
  } catch (error) {
    throw withLocations(error, scans);
  }
}

function withLocations(error: unknown, scans: readonly TableScan[]): unknown {
  if (!(error instanceof SkuaError)) return error;
  const message = scans
    .flatMap(localNames)
    .reduce(
      (text, [name, location]) => text.replaceAll(`…/${name}`, location).replaceAll(name, location),
      error.message,
    );
  return message === error.message ? error : new SkuaError(error.code, message, { cause: error });
}

/** Names of local copies, each with the location that it is a copy of; of delete files, whose they are is all that is known here. */
function localNames({ source }: TableScan): [string, string][] {
  if (source.kind !== 'parquet') return [];
  return source.files.flatMap(({ path, location, positionDeletes, equalityDeletes }): [string, string][] => {
    const deletes = [...positionDeletes, ...equalityDeletes.map((file) => file.path)];
    return [
      [basename(path), location],
      ...deletes.map((file): [string, string] => [basename(file), `deletes of ${location}`]),
    ];
  });
}
