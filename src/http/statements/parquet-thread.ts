/** Parquet files, encoded in a thread of their own: it takes long, and the server's own thread has other calls to serve. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { arrowStream } from '../../formats/index.js';
import type { StatementStream } from '../../query/contract.js';

/** Run from its sources, the server has its threads run what is compiled of them. */
const SCRIPT = new URL('./parquet-worker.js', import.meta.url.replace(/\/src(\/http\/.*\.ts)$/, '/dist$1'));

/** The file as its rows come. What the batches throw is thrown; leaving it stops the thread. */
export async function* parquetInThread({ schema, batches }: StatementStream): AsyncGenerator<Uint8Array> {
  const worker = new Worker(fileURLToPath(SCRIPT), { stdin: true, stdout: true });
  const { stdin, stdout } = worker;
  if (stdin === null) throw new TypeError('a thread with an input has none');
  worker.once('error', (error) => stdout.destroy(error));
  // One batch waits at most, since the engine's memory holds no more of them.
  const source = Readable.from(arrowStream(schema, batches), { highWaterMark: 1 });
  const fed = pipeline(source, stdin).catch((error) => void stdout.destroy(error));
  try {
    yield* stdout;
    await fed;
  } finally {
    source.destroy();
    await worker.terminate();
  }
}
