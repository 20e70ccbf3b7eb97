import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, it } from 'vitest';
import { batchToRows } from '../../src/arrow/index.js';
import { connect } from '../../src/client/index.js';

const bin = new URL('../../bin/skua.cjs', import.meta.url).pathname;
let child: ChildProcess | undefined;
let folder: string | undefined;

afterEach(async () => {
  if (child !== undefined && child.exitCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<{ address: string; token: string }> {
  folder = await mkdtemp(join(tmpdir(), 'skua-launcher-'));
  const started = spawn(process.execPath, [bin, 'start', '--port', '0', '--folder', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = started;
  let address: string | undefined;
  for await (const line of createInterface({ input: started.stdout })) {
    address ??= /grpc:\/\/([\d.]+:\d+)/.exec(line)?.[1];
    const token = /SKUA_TOKEN=(\S+)/.exec(line)?.[1];
    if (address !== undefined && token !== undefined) return { address, token };
  }
  throw new Error('the server did not start');
}

it('a server that the command starts answers while more queries run than the default pool has threads', async () => {
  const client = connect(await start());
  const endless = Array.from({ length: 6 }, () =>
    client.execute('SELECT count(*) FROM range(1000000000) a, range(1000000000) b').catch(() => undefined),
  );
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const { schema, batches } = await client.execute('SELECT 7');
  for await (const batch of batches) expect(batchToRows(schema, batch)).toEqual([[7]]);
  child?.kill('SIGKILL');
  client.close();
  await Promise.all(endless);
});
