import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { createAuthenticator } from '../../src/auth/index.js';
import { BAD_TOKENS, GOOD_TOKENS, SETTINGS, TokenMaker } from './bad-tokens.js';

const maker = new TokenMaker();
beforeAll(() => maker.start());
afterAll(() => maker.issuer.stop());

const authenticate = (token: string) => createAuthenticator([maker.issuer.config(SETTINGS)]).authenticate(token);

test('a token as the refused ones are made of gets in', async () => {
  const principal = await authenticate(maker.token());
  expect(principal).toMatchObject({ subject: 's-1', name: 'ann', roles: ['reader'] });
});

it('has each name once', () => {
  expect(new Set(BAD_TOKENS.map(({ name }) => name)).size).toBe(BAD_TOKENS.length);
});

describe('refused', () => {
  it.each(BAD_TOKENS)('$name', async ({ parts, sentence }) => {
    const token = maker.token(parts(maker));
    const error = await authenticate(token).then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    expect(error).toMatchObject({ name: 'SkuaError', code: 'UNAUTHENTICATED' });
    expect(error?.message).toEqual(typeof sentence === 'string' ? sentence : expect.stringMatching(sentence));
    for (const part of token.split('.')) if (part.length > 8) expect(error?.message).not.toContain(part);
  });
});

describe('accepted', () => {
  it.each(GOOD_TOKENS)('$name', async ({ parts }) => {
    await expect(authenticate(maker.token(parts(maker)))).resolves.toMatchObject({ issuer: maker.issuer.url });
  });
});
