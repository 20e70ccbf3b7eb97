import { describe, expect, it } from 'vitest';
import { abortController, anySignal } from '../src/signal.js';

describe('a signal', () => {
  it('made of several aborts with the reason of the first that does', () => {
    const first = new AbortController();
    const second = new AbortController();
    const signal = anySignal(first.signal, undefined, second.signal);
    const reason = new Error('enough');
    second.abort(reason);
    first.abort(new Error('too late'));
    expect(signal.reason).toBe(reason);
  });

  it('lets many listen without a warning', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    for (const signal of [abortController().signal, anySignal(new AbortController().signal)]) {
      for (let index = 0; index < 50; index++) signal.addEventListener('abort', () => undefined);
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });
});
