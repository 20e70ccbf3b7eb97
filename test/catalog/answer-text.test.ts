import { expect, it } from 'vitest';
import { answerText } from '../../src/catalog/answer-text.js';

it('an answer is read as it comes, up to 256 MiB and no further', async () => {
  const chunk = Buffer.alloc(2 ** 20, 'a');
  let sent = 0;
  async function* endless() {
    for (; ; sent++) yield chunk;
  }
  await expect(answerText(endless())).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    message: expect.stringContaining('268435456 bytes'),
  });
  expect(sent).toBe(256);
  async function* cut() {
    yield Buffer.from('caf\xc3', 'latin1');
    yield Buffer.from('\xa9', 'latin1');
  }
  expect(await answerText(cut())).toBe('caf\u00e9');
});
