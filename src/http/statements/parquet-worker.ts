/** The thread behind `parquetInThread`: an Arrow stream comes in, a Parquet file goes out. */
import { once } from 'node:events';
import type { Schema } from 'apache-arrow';
import { type ColumnarBatch, readStream } from '../../arrow/index.js';
import { parquetFile } from '../../formats/index.js';

const stream = readStream(process.stdin);
const { value: schema } = await stream.next();
for await (const piece of parquetFile(schema as Schema, stream as AsyncGenerator<ColumnarBatch>)) {
  if (!process.stdout.write(piece)) await once(process.stdout, 'drain');
}
process.stdout.end();
