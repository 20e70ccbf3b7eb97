/** Milliseconds of each of many runs of a statement through the TypeScript client, as JSON: `{"sql": …, "runs": …}` on standard input. */
import { text } from 'node:stream/consumers';
import { connect } from '../../dist/client/index.js';

const { address, statements, warmUp, runs } = JSON.parse(await text(process.stdin));
const client = connect({ address, token: process.env.SKUA_TOKEN });
const figures = [];
for (const sql of statements) {
  const milliseconds = [];
  for (let run = -warmUp; run < runs; run++) {
    const started = performance.now();
    const { batches } = await client.execute(sql);
    let rows = 0;
    for await (const batch of batches) rows += batch.length;
    if (rows === 0) throw new Error(`No rows: ${sql}`);
    if (run >= 0) milliseconds.push(performance.now() - started);
  }
  figures.push(milliseconds);
}
await client.closeSession();
client.close();
console.log(JSON.stringify(figures));
