import { expect, it } from 'vitest';
import { loadConfig, unsafeSettings } from '../../src/config/index.js';

const SOUND = `
[[auth]]
issuer = "https://issuer.example.com"
audience = "skua"
[catalogs.lake]
uri = "https://catalog.example.com/api"
`;

const unsafe = (text: string) => unsafeSettings(loadConfig({ env: {}, text })).map(({ key }) => key);

it('a configuration for production has none', () => {
  expect(unsafe(SOUND)).toEqual([]);
});

it.each([
  ['server.allow_plaintext', `[server]\nhost = "0.0.0.0"\nallow_plaintext = true\n${SOUND}`],
  ['http.allow_plaintext', `[http]\nhost = "0.0.0.0"\nallow_plaintext = true\n${SOUND}`],
  ['http.allowed_origins', `[http]\nallowed_origins = ["http://tools.example.com"]\n${SOUND}`],
  [
    'auth[0].allow_insecure_jwks',
    SOUND.replace('https://issuer', 'http://issuer').replace('audience', 'allow_insecure_jwks = true\naudience'),
  ],
  ['auth[0].allow_any_audience', SOUND.replace('audience = "skua"', 'allow_any_audience = true')],
  ['catalogs.lake.uri', SOUND.replace('https://catalog', 'http://catalog')],
  ['storage.endpoint', `${SOUND}[storage]\nendpoint = "http://store.example.com"\n`],
  [
    'catalogs.lake.storage.allowed_locations',
    `${SOUND}credential_delegation = "none"\n[storage]\naccess_key_id = "a"\nsecret_access_key = "b"\n`,
  ],
  ['lineage.url', `${SOUND}[lineage]\nurl = "http://lineage.example.com"\napi_key = "k"\n`],
  ['audit.literals', `${SOUND}[audit]\noutput = "stdout"\nliterals = true\n`],
  ['logging.level', `${SOUND}[logging]\nlevel = "trace"\n`],
])('%s is named', (key, text) => {
  expect(unsafe(text)).toEqual([key]);
});
