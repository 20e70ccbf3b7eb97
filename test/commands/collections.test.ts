import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { repository } from '../../scripts/real/index.mjs';

it('memory that nothing uses any more is given back once there was no call for some seconds', async () => {
  const program = `
    import { getHeapStatistics } from 'node:v8';
    import { collectAtRest, spareCollections } from '${join(repository, 'dist/commands/collections.js')}';
    spareCollections();
    let kept = Array.from({ length: 1_000_000 }, (_, index) => ({ index }));
    const before = getHeapStatistics().total_heap_size;
    kept = undefined;
    let calls = 1;
    collectAtRest(() => ({ calls }));
    setTimeout(() => { calls = 0; }, 1500);
    const until = setInterval(() => {
      if (getHeapStatistics().total_heap_size * 2 > before) return;
      console.log(calls === 0 ? 'at rest' : 'too early');
      clearInterval(until);
    }, 200);
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    timeout: 60_000,
  });
  expect(stdout.trim()).toBe('at rest');
}, 60_000);
