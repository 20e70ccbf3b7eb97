import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The engine's processes and the decoding threads run compiled.
    globalSetup: ['test/compiled.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
