import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The engine's processes and the decoding threads run compiled.
    globalSetup: ['test/compiled.ts'],
    // Some of the time is spent waiting for servers and clients in other processes.
    maxWorkers: availableParallelism() + 1,
    expect: { poll: { timeout: 15_000 } },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
