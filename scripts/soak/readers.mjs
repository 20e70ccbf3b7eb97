/** Reads whose answers are known beforehand, and streams of which some are left, stopped or cut. */
import { setTimeout as sleep } from 'node:timers/promises';
import { batchToRows } from '../../dist/arrow/index.js';

/** Rows of the table that nobody changes: `id` 0 to that, `n` is `id % 97`. */
export const KEPT_ROWS = 20_000;

const STREAMED = 150_000;

/** Sums over a part of the table that nobody changes. */
export async function readKept(worker) {
  const [from, to] = [worker.below(KEPT_ROWS), worker.below(KEPT_ROWS)].sort((a, b) => a - b);
  const count = to - from;
  const sum = ((from + to - 1) * count) / 2;
  const residues = Array.from({ length: count }, (_, index) => (from + index) % 97).reduce((all, one) => all + one, 0);
  const sql = 'SELECT count(*), coalesce(sum(id), 0), coalesce(sum(n), 0) FROM kept WHERE id >= ? AND id < ?';
  await worker.check(sql, [from, to], [count, sum, residues]);
  worker.counted('reads');
}

/** What the catalog says there is, and a statement that is wrong. */
export async function readCatalog(worker) {
  const client = await worker.flight();
  const tables = await rowsAbout(client);
  worker.judge('the columns of kept', String(tables), 'id,BIGINT,n,BIGINT,filler,VARCHAR');
  const code = await client.execute('SELECT nothing FROM kept').then(
    () => 'OK',
    (error) => error.code,
  );
  if (code !== 'UNAVAILABLE') worker.judge('a column that is not there', code, 'INVALID_ARGUMENT');
  worker.counted('questions about the catalog');
}

async function rowsAbout(client) {
  const { schema, batches } = await client.execute(
    "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'demo' AND table_name = 'kept' ORDER BY ordinal_position",
  );
  const rows = [];
  for await (const batch of batches) rows.push(...batchToRows(schema, batch));
  return rows;
}

/** A long result: read to its end, or left, stopped or cut after some batches. */
export async function stream(worker) {
  const client = worker.random() < 0.5 ? await worker.flight() : await worker.http();
  const end = worker.pick(['whole', 'whole', 'left', 'stopped', 'dropped', 'slow']);
  const [sql, count] = worker.pick([
    [`SELECT range AS i, repeat(chr(65 + (range % 26)::INTEGER), 40) AS s FROM range(${STREAMED})`, STREAMED],
    [`SELECT range AS i, repeat('y', 100) AS s FROM range(${STREAMED}) ORDER BY hash(range)`, STREAMED],
    [
      `SELECT (a.id * 10 + b.range)::BIGINT AS i, a.filler AS s FROM kept a, range(10) b WHERE a.id < ${STREAMED / 10}`,
      STREAMED,
    ],
    // It is fetched in portions.
    ['SELECT id AS i, filler AS s FROM kept', KEPT_ROWS],
  ]);
  const after = worker.below(8);
  const stop = new AbortController();
  const isCut = end === 'stopped' || end === 'dropped';
  const sum = await worker.attempt(() => read(), isCut ? 'CANCELLED' : undefined);
  if (sum !== undefined) worker.judge(`a stream that was ${end}`, sum, `${count} ${(count * (count - 1)) / 2}`);
  worker.counted(`streams, ${end}`);

  /** Undefined where it was not read to its end. */
  async function read() {
    let [rows, total, seen] = [0, 0n, 0];
    for await (const batch of await client.execute(sql, { signal: stop.signal })) {
      if (seen++ === after) {
        if (end === 'left') return undefined;
        if (end === 'stopped') stop.abort();
        if (end === 'dropped') {
          stop.abort();
          worker.drop();
        }
        if (end === 'slow') await sleep(500);
      }
      for (const i of batch.getChildAt(0).toArray()) total += i;
      rows += batch.numRows;
    }
    return `${rows} ${total}`;
  }
}

/** Statements that are stopped before their first row. */
export async function cancelEarly(worker) {
  const client = worker.random() < 0.5 ? await worker.flight() : await worker.http();
  const stop = new AbortController();
  setTimeout(() => stop.abort(), worker.random() * 150);
  const sql = worker.pick([
    'SELECT count(*) FROM range(100000000) a WHERE hash(a.range) % 7 = 1',
    'SELECT max(hash(id)), max(filler) FROM kept',
    'SELECT sum(range) OVER (ORDER BY hash(range)) FROM range(3000000)',
  ]);
  await worker.attempt(async () => {
    for await (const batch of (await client.execute(sql, { signal: stop.signal })).batches) void batch;
  }, 'CANCELLED');
  worker.counted('statements stopped early');
}
