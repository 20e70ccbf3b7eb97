import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { useEngine } from '../process/support.js';

const bench = useEngine();

it('queries that have been read, or left, listen to their signal no more', async () => {
  const { signal } = new AbortController();
  for (let run = 0; run < 20; run++) {
    const { batches } = await bench.instance.run('SELECT * FROM range(100000)', [], { signal, batchBytes: 1 << 16 });
    for await (const batch of batches) {
      expect(batch.length).toBeGreaterThan(0);
      if (run % 2 === 0) break;
    }
  }
  await expect(bench.instance.run('SELECT nothing', [], { signal, batchBytes: 1 })).rejects.toThrow('nothing');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
