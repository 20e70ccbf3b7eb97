import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { MemoryPair } from './shared-memory-pool.js';

/** Beside this module once it is compiled; tests run the sources of the server with the compiled process. */
function script(): string {
  const path = fileURLToPath(new URL('../process/main.js', import.meta.url));
  return import.meta.url.endsWith('.ts') ? path.replace(/([\\/])src([\\/]engine[\\/])/, '$1dist$2') : path;
}

/** What an engine process is given of the environment: nothing that could hold a secret. */
const INHERITED = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TEMP',
  'TMP',
  'LANG',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'SystemRoot',
];

/** Starts a process that may use so many bytes; `shared` is the memory that both sides map. */
export function startProcess(memory: number, shared: MemoryPair | undefined): ChildProcess {
  const environment = Object.fromEntries(
    INHERITED.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
  const settings = {
    parent: process.pid,
    memory,
    ownBytes: shared?.engines.memory.bytes.length ?? 0,
    serverBytes: shared?.servers.memory.bytes.length ?? 0,
  };
  return spawn(process.execPath, [script(), JSON.stringify(settings)], {
    // Each running query holds a thread of the pool.
    env: { ...environment, UV_THREADPOOL_SIZE: process.env.UV_THREADPOOL_SIZE ?? '128' },
    stdio: [
      'ignore',
      'ignore',
      'pipe',
      'pipe',
      ...(shared ? [shared.engines.descriptor, shared.servers.descriptor] : []),
    ],
  });
}
