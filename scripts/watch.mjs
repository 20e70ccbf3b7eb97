/** Tells where a long trial stands: what it is doing, since when, and what the server says of that. */
import { batchToRows } from '../dist/arrow/index.js';
import { connect } from '../dist/client/index.js';

/**
 * `{ during(what, work), longest, close() }`. Every `every` milliseconds `say` is told of each work that takes longer than `long`, with what the
 * server at `address` tells of the statements that run. `longest` is the work that took longest, and how many milliseconds.
 */
export function startWatch({ say, address, token, every = 30_000, long = 60_000, progress }) {
  const running = new Map();
  let next = 0;
  const watch = {
    longest: { what: undefined, ms: 0 },
    async during(what, work) {
      const key = next++;
      running.set(key, { what, began: performance.now() });
      try {
        return await work();
      } finally {
        const ms = Math.round(performance.now() - running.get(key).began);
        if (ms > watch.longest.ms) watch.longest = { what: what.slice(0, 60), ms };
        running.delete(key);
      }
    },
    close: () => clearInterval(timer),
  };
  const timer = setInterval(tell, every);
  timer.unref();

  async function tell() {
    if (progress) say?.(progress());
    const now = performance.now();
    const slow = [...running.values()].filter(({ began }) => now - began > long);
    if (slow.length === 0) return;
    for (const { what, began } of slow) say?.(`  since ${Math.round((now - began) / 1000)} s: ${what.slice(0, 80)}`);
    for (const line of await underWay(address, token)) say?.(`  server: ${line}`);
  }
  return watch;
}

async function underWay(address, token) {
  const client = connect({ address, token });
  try {
    const { schema, batches } = await client.execute(
      `SELECT q.state, q.total_ms, q.sql, (SELECT string_agg(p.phase || ' ' || p.ms, ', ' ORDER BY p.from_ms) FROM system.runtime.profiles p WHERE p.id = q.id)
       FROM system.runtime.queries q WHERE q.ended IS NULL ORDER BY q.started`,
    );
    const lines = [];
    for await (const batch of batches) {
      for (const [state, ms, sql, phases] of batchToRows(schema, batch)) {
        lines.push(`${state} ${ms} ms [${phases}] ${sql?.slice(0, 80).replaceAll('\n', ' ')}`);
      }
    }
    return lines;
  } catch (error) {
    return [error.message];
  } finally {
    client.close();
  }
}
