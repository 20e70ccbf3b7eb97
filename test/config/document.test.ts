import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configReference, describeConfig } from '../../src/config/index.js';

test('docs/configuration.md describes exactly the keys that there are', () => {
  const document = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  expect(document.slice(document.indexOf('### '))).toBe(configReference());
});

test('every key has a sentence, a variable of its own and a type', () => {
  const keys = describeConfig();
  expect(new Set(keys.map(({ variable }) => variable)).size).toBe(keys.length);
  for (const { sentence, type } of keys) {
    expect(sentence).toMatch(/\.$|\)\.?$/);
    expect(type).not.toBe('');
  }
});

test('secrets are marked, so that nothing shows them', () => {
  const secrets = describeConfig().filter(({ secret }) => secret);
  expect(secrets.map(({ key }) => key)).toContain('storage.secret_access_key');
  expect(secrets.map(({ key }) => key)).toContain('tickets.key');
});
