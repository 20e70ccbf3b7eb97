/** A server in a process of its own, which can be killed at any instant and comes back at the same address. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../real/index.mjs';

const program = fileURLToPath(new URL('../../bin/skua.cjs', import.meta.url));

/**
 * `{ address, port, pid(), kill(), stop(), end(signal), start() }`; `configOf(port)` is the text of its configuration, `hear` is told of all that it
 * logs, in parts.
 */
export async function startKilledServer(folder, configOf, wantedPort, hear = () => {}) {
  const port = wantedPort ?? (await freePort());
  const file = join(folder, 'skua.toml');
  writeFileSync(file, configOf(port));
  let child;
  let isStopping = false;

  /** Somebody else may have taken the port while the server was down. */
  async function restart() {
    for (let tries = 1; ; tries++) {
      try {
        return await start();
      } catch (error) {
        if (tries >= 30) throw error;
        await sleep(1_000);
      }
    }
  }

  async function start() {
    const started = spawn(process.execPath, [program, 'serve', '--config', file], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH, HOME: process.env.HOME },
    });
    child = started;
    await new Promise((resolve, reject) => {
      let said = '';
      started.stderr.on('data', (part) => {
        said = `${said}${part}`.slice(-4_000);
        hear(part);
        if (said.includes('Skua is listening')) resolve();
      });
      started.once('exit', () => reject(new Error(`The server did not start: ${said}`)));
    });
  }

  await start();
  return {
    address: `127.0.0.1:${port}`,
    port,
    pid: () => child.pid,
    start,
    /** Ends it, and leaves it so; its exit code, or null where the signal was not heard. */
    async end(signal) {
      const ended = once(child, 'exit');
      child.kill(signal);
      const [code] = await ended;
      return code;
    },
    /** Kills it on the spot, and starts it again. */
    async kill() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      if (!isStopping) await restart();
    },
    async stop() {
      isStopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
