import { once } from 'node:events';
import { expect, it } from 'vitest';
import { logUncaught } from '../../src/commands/uncaught.js';
import type { Logger } from '../../src/logging.js';

it('logs a rejection that nobody handles, and goes on', async () => {
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  const entries: unknown[][] = [];
  try {
    logUncaught({ error: (...entry: unknown[]) => void entries.push(entry) } as unknown as Logger);
    const error = new Error('unforeseen');
    const seen = once(process, 'unhandledRejection');
    void Promise.reject(error);
    await seen;
    expect(entries).toEqual([[{ error }, 'A failure that nobody waited for']]);
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const other of others) process.on('unhandledRejection', other);
  }
});
