/** Servers as process groups: started with a log file, waited for until they answer, stopped with all their children. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A port of 127.0.0.1 that nobody listens on at this moment. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const running = new Set();

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    if (error.code === 'ESRCH') return false;
    throw error;
  }
}

process.once('exit', () => {
  for (const pid of running) signalGroup(pid, 'SIGKILL');
});

/**
 * Starts a server in a process group of its own; its output goes to `log`.
 * `stop` ends the whole group: SIGTERM, and SIGKILL for what is left after `grace` milliseconds.
 */
export function startServer(name, command, args, { log, cwd, env = {}, grace = 10_000 }) {
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, 'w');
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  let ended;
  const exited = new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      ended = signal ?? `exit code ${code}`;
      resolve();
    });
    child.once('error', (error) => {
      ended = error.message;
      resolve();
    });
  });
  if (child.pid !== undefined) running.add(child.pid);

  return {
    name,
    log,
    pid: child.pid,
    /** How it ended; undefined while it runs. */
    ended: () => ended,
    async stop() {
      if (child.pid === undefined) return;
      const deadline = Date.now() + grace;
      signalGroup(child.pid, 'SIGTERM');
      await Promise.race([exited, sleep(grace, undefined, { ref: false })]);
      while (signalGroup(child.pid, 0) && Date.now() < deadline) await sleep(50);
      signalGroup(child.pid, 'SIGKILL');
      await exited;
      running.delete(child.pid);
    },
  };
}

/** The end of a server's log, for an error message. */
export function logTail(server, characters = 3000) {
  return readFileSync(server.log, 'utf8').slice(-characters);
}

/** Waits until `ready` gives true. Fails, with the end of the log, when the server ends first or `seconds` have passed. */
export async function waitUntilReady(server, ready, seconds) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    if (await ready().catch(() => false)) return;
    const ended = server.ended();
    if (ended !== undefined || Date.now() > deadline) {
      await server.stop();
      const what = ended === undefined ? `was not ready after ${seconds} s` : `ended with ${ended}`;
      throw new Error(`${server.name} ${what}; its log ${server.log} ends with:\n${logTail(server)}`);
    }
    await sleep(200);
  }
}

/** Whether an address answers with a 2xx status. */
export async function answersOk(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(5000) });
  await answer.arrayBuffer();
  return answer.ok;
}
