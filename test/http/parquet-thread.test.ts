import { Field, Int32, Schema } from 'apache-arrow';
import { parquetReadObjects } from 'hyparquet';
import { expect, it } from 'vitest';
import { type ColumnarBatch, rowsToBatch } from '../../src/arrow/index.js';
import { parquetInThread } from '../../src/http/statements/parquet-thread.js';

const SCHEMA = new Schema([new Field('n', new Int32(), true)]);
const rows = (count: number) =>
  rowsToBatch(
    SCHEMA,
    Array.from({ length: count }, (_, index) => [index]),
  );

it('a Parquet file comes out of its thread piece by piece, as its batches come', async () => {
  async function* batches(): AsyncGenerator<ColumnarBatch> {
    for (let count = 0; count < 5; count++) yield rows(100_000);
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of parquetInThread({ schema: SCHEMA, batches: batches() })) pieces.push(piece);
  expect(pieces.length).toBeGreaterThan(1);
  const bytes = Uint8Array.from(Buffer.concat(pieces));
  const read = await parquetReadObjects({ file: bytes.buffer });
  expect(read).toHaveLength(500_000);
  expect(read.at(-1)).toEqual({ n: 99_999 });
});

it('a result that fails half way fails its Parquet file, which then has no footer', async () => {
  let sent = () => {};
  const isSent = new Promise<void>((resolve) => {
    sent = resolve;
  });
  async function* batches(): AsyncGenerator<ColumnarBatch> {
    yield rows(400_000);
    await isSent;
    throw new Error('far down');
  }
  const pieces: Uint8Array[] = [];
  const reading = async () => {
    for await (const piece of parquetInThread({ schema: SCHEMA, batches: batches() })) {
      pieces.push(piece);
      sent();
    }
  };
  await expect(reading()).rejects.toThrow('far down');
  expect(
    Buffer.from(pieces[0] as Uint8Array)
      .subarray(0, 4)
      .toString(),
  ).toBe('PAR1');
  expect(Buffer.concat(pieces).subarray(-4).toString()).not.toBe('PAR1');
});
