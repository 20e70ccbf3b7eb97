import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { SkuaError } from '../src/errors.js';
import { createLogger } from '../src/logging.js';

function collect(format: 'json' | 'pretty' | 'auto') {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { logger: createLogger({ level: 'info', format }, stream), lines };
}

test('an entry is one line of JSON with its level as a word', () => {
  const { logger, lines } = collect('auto');
  logger.info({ rows: 4 }, 'call');
  logger.debug('too fine');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', rows: 4, msg: 'call' });
});

test('an error is written with its code and its causes, without its other properties', () => {
  const { logger, lines } = collect('json');
  const cause = Object.assign(new Error('refused'), { request: 'Bearer abc' });
  logger.error({ err: new SkuaError('UNAVAILABLE', 'The catalog is down.', { cause }) }, 'call');
  expect(JSON.parse(lines[0] ?? '').err).toMatchObject({
    code: 'UNAVAILABLE',
    message: 'The catalog is down.',
    cause: { message: 'refused' },
  });
  expect(lines[0]).not.toContain('abc');
});

test('what carries a token is not written', () => {
  const { logger, lines } = collect('json');
  logger.info({ token: 'abc', call: { authorization: 'Bearer abc', headers: { x: 'abc' } } }, 'call');
  expect(lines[0]).not.toContain('abc');
});

test('the readable format is for people', async () => {
  const { logger, lines } = collect('pretty');
  logger.info('ready');
  await new Promise((resolve) => setImmediate(resolve));
  expect(lines.join('')).toMatch(/INFO.*ready/);
});
