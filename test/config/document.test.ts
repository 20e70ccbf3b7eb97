import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { configReference, describeConfig } from '../../src/config/index.js';

const DOCUMENT = fileURLToPath(new URL('../../docs/configuration.md', import.meta.url));

// `npx vitest run test/config --update` writes the reference anew.
test('docs/configuration.md describes exactly the keys that there are', async () => {
  const document = readFileSync(DOCUMENT, 'utf8');
  const introduction = document.slice(0, document.indexOf('\n### ') + 1);
  await expect(introduction + configReference()).toMatchFileSnapshot(DOCUMENT);
});

test('every key has a sentence, a variable of its own and a type', () => {
  const keys = describeConfig();
  expect(new Set(keys.map(({ variable }) => variable)).size).toBe(keys.length);
  for (const { sentence, type } of keys) {
    expect(sentence).toMatch(/\.\)?$/);
    expect(type).not.toBe('');
  }
});

test('secrets are marked, so that nothing shows them', () => {
  const secrets = describeConfig().filter(({ secret }) => secret);
  expect(secrets.map(({ key }) => key)).toContain('storage.secret_access_key');
  expect(secrets.map(({ key }) => key)).toContain('tickets.key');
});
