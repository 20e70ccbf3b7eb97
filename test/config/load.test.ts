import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, loadConfig, storeAccessOf, unsafeSettings } from '../../src/config/index.js';

const MINIMAL = `
[[auth]]
issuer = "https://idp.example.com/realms/iceberg"
audience = "account"

[catalogs.quickstart]
uri = "https://polaris.example.com/api/catalog"
`;

function load(text: string, env: Record<string, string> = {}) {
  return loadConfig({ text, env });
}

function problemsOf(text: string, env: Record<string, string> = {}): string[] {
  try {
    load(text, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ key, message }) => `${key}: ${message}`);
    throw error;
  }
  return [];
}

function withServer(text: string): string {
  return `${MINIMAL}\n${text}`;
}

describe('values', () => {
  test('a minimal file is enough, and everything else has a default', () => {
    const config = load(MINIMAL);
    expect(config.server).toMatchObject({
      host: '127.0.0.1',
      port: 50051,
      maxMetadataSize: 65536,
      drainTimeout: 30_000,
    });
    expect(config.auth[0]).toMatchObject({ audience: ['account'], leeway: 5000, allowInsecureJwks: false });
    expect(config.auth[0]?.algorithms).toContain('EdDSA');
    expect(config.catalogs.quickstart?.credentialDelegation).toBe('vended');
  });

  test.each([
    ['"512MiB"', 512 * 2 ** 20],
    ['"1.5 GB"', 1.5e9],
    ['100000000', 1e8],
  ])('a size can be written as %s', (written, bytes) => {
    expect(load(withServer(`[limits]\nmemory_per_session = ${written}`)).limits.memoryPerSession).toBe(bytes);
  });

  test.each([
    ['"90s"', 90_000],
    ['"2h"', 7_200_000],
    ['90', 90_000],
  ])('a duration can be written as %s', (written, milliseconds) => {
    expect(load(withServer(`[limits]\nstatement_timeout = ${written}`)).limits.statementTimeout).toBe(milliseconds);
  });

  test('claims are dotted paths, and names that contain dots can be quoted', () => {
    const text = MINIMAL.replace(
      'audience = "account"',
      `audience = ["a", "b"]\nuser_claim = "profile.name"\nroles_claim = '"https://example.com/roles".list'`,
    );
    expect(load(text).auth[0]).toMatchObject({
      audience: ['a', 'b'],
      userClaim: ['profile', 'name'],
      rolesClaim: ['https://example.com/roles', 'list'],
    });
  });

  test('an unquoted URL as claim is refused rather than split at its dots', () => {
    const text = MINIMAL.replace('audience = "account"', 'audience = "a"\nroles_claim = "https://example.com/roles"');
    expect(problemsOf(text)).toEqual([expect.stringContaining('auth[0].roles_claim: ')]);
  });
});

describe('mistakes', () => {
  test('a misspelt key is an error that names the key that was meant', () => {
    expect(problemsOf(withServer('[server]\nprot = 1'))).toEqual([
      'server.prot: unknown key; did you mean server.port?',
    ]);
    expect(problemsOf(withServer('[limit]'))).toEqual(['limit: unknown key; did you mean limits?']);
    expect(problemsOf(MINIMAL.replace('audience', 'audiense'))).toEqual([
      'auth[0].audiense: unknown key; did you mean auth[0].audience?',
    ]);
  });

  test('an unknown key without a neighbour is an error that lists what is allowed', () => {
    expect(problemsOf(withServer('[logging]\nzzzzzzzz = 1'))).toEqual([
      'logging.zzzzzzzz: unknown key; allowed here: level, format.',
    ]);
  });

  test('a wrong value is an error that says what is allowed', () => {
    expect(problemsOf(withServer('[server]\nport = "high"'))).toEqual([
      'server.port: "high" is not allowed; it must be an integer from 0 to 65535.',
    ]);
    expect(problemsOf(withServer('[logging]\nlevel = "loud"'))).toEqual([
      'logging.level: "loud" is not allowed; it must be "fatal", "error", "warn", "info", "debug" or "trace".',
    ]);
    expect(problemsOf(withServer('[server]\ndrain_timeout = "soon"'))[0]).toMatch(
      /^server\.drain_timeout: "soon" is not/,
    );
  });

  test('a section of the wrong form is an error', () => {
    expect(problemsOf('auth = 1\ncatalogs = 2\nlimits = 3').sort()).toEqual([
      'auth: must be a list of tables, each written as [[auth]].',
      'catalogs: must hold named tables, each written as [catalogs.NAME].',
      'limits: must be a table of keys.',
    ]);
  });

  test('a missing required key is named', () => {
    expect(problemsOf('[[auth]]\naudience = "a"\n[catalogs.lake]\nwarehouse = "w"')).toEqual([
      expect.stringMatching(/^auth\[0\]\.issuer: is required: a URL/),
      expect.stringMatching(/^catalogs\.lake\.uri: is required: a URL/),
    ]);
  });

  test('all problems are listed at once', () => {
    expect(problemsOf(withServer('[server]\nprot = 1\nport = -1\n[logging]\nformat = "xml"'))).toHaveLength(3);
  });

  test('HMAC algorithms and none are refused', () => {
    for (const algorithm of ['HS256', 'none']) {
      const text = MINIMAL.replace('audience =', `algorithms = ["${algorithm}"]\naudience =`);
      expect(problemsOf(text)).toEqual([expect.stringMatching(/^auth\[0\]\.algorithms: /)]);
    }
  });

  test('a syntax error names line and column and quotes nothing of the file', () => {
    const [problem] = problemsOf('[storage]\nsecret_access_key = "hush" oops\n');
    expect(problem).toMatch(/^text:2:\d+: no valid TOML/);
    expect(problem).not.toContain('hush');
  });

  test('a wrong secret is never shown', () => {
    const problems = problemsOf(withServer('[tickets]\nkey = "hush"'));
    expect(problems).toEqual(['tickets.key: the value is not allowed; it must be a string of at least 32 characters.']);
  });

  test('a URL with a password is refused without showing the password', () => {
    const problems = problemsOf(MINIMAL.replace('https://polaris', 'https://root:hush@polaris'));
    expect(problems).toHaveLength(1);
    expect(problems[0]).not.toContain('hush');
  });
});

describe('contradictions', () => {
  const cases: [string, string, string][] = [
    ['no [[auth]]', '[catalogs.a]\nuri = "https://c"', 'auth'],
    ['no catalog', '[[auth]]\nissuer = "https://i"\naudience = "a"', 'catalogs'],
    [
      'the same issuer twice',
      `${MINIMAL}[[auth]]\nissuer = "https://idp.example.com/realms/iceberg"\naudience = "b"`,
      'auth[1].issuer',
    ],
    ['no audience', MINIMAL.replace('audience = "account"', ''), 'auth[0].audience'],
    [
      'an audience and any audience',
      MINIMAL.replace('audience', 'allow_any_audience = true\naudience'),
      'auth[0].allow_any_audience',
    ],
    ['an http issuer', MINIMAL.replace('https://idp', 'http://idp'), 'auth[0].issuer'],
    ['an http JWKS', MINIMAL.replace('audience', 'jwks_url = "http://idp/jwks"\naudience'), 'auth[0].jwks_url'],
    ['a key without a certificate', withServer('[server.tls]\nkey = "k.pem"'), 'server.tls.key'],
    ['a certificate without a key', withServer('[server.tls]\ncertificate = "c.pem"'), 'server.tls.certificate'],
    ['a client CA without TLS', withServer('[server.tls]\nclient_ca = "c.pem"'), 'server.tls.client_ca'],
    ['a public address without TLS', withServer('[server]\nhost = "0.0.0.0"'), 'server.host'],
    [
      'static keys that nothing may use',
      withServer('[storage]\naccess_key_id = "a"\nsecret_access_key = "b"'),
      'storage.access_key_id',
    ],
    [
      'half a pair of static keys',
      withServer('credential_delegation = "none"\n[storage]\naccess_key_id = "a"'),
      'storage.access_key_id',
    ],
    ['a default catalog that is not there', withServer('[default]\ncatalog = "lake"'), 'default.catalog'],
    ['a default schema without catalog', withServer('[default]\nschema = "demo"'), 'default.schema'],
  ];
  test.each(cases)('%s is refused', (_, text, key) => {
    expect(problemsOf(text).map((problem) => problem.slice(0, problem.indexOf(': ')))).toEqual([key]);
  });

  test('a static key that opens whatever a table names is unsafe', () => {
    const withKeys = (more: string) =>
      unsafeSettings(
        load(`${MINIMAL}
[catalogs.keyed]
uri = "https://c"
credential_delegation = "none"
storage = { access_key_id = "a", secret_access_key = "b"${more} }`),
      ).map(({ key }) => key);
    expect(withKeys('')).toEqual(['catalogs.keyed.storage.allowed_locations']);
    expect(withKeys(', allowed_locations = ["s3://lake/warehouse"]')).toEqual([]);
  });

  test('each danger is reported as unsafe', () => {
    const config = load(`
      [server]
      host = "0.0.0.0"
      allow_plaintext = true
      [logging]
      level = "debug"
      [[auth]]
      issuer = "http://idp"
      allow_insecure_jwks = true
      allow_any_audience = true
      [catalogs.a]
      uri = "http://c"`);
    expect(unsafeSettings(config).map(({ key }) => key)).toEqual([
      'server.allow_plaintext',
      'auth[0].allow_insecure_jwks',
      'auth[0].allow_any_audience',
      'catalogs.a.uri',
      'logging.level',
    ]);
    expect(unsafeSettings(load(MINIMAL))).toEqual([]);
  });
});

describe('environment', () => {
  test('a variable overrides a key, a list entry, a named table and a list', () => {
    const config = load(MINIMAL, {
      SKUA_SERVER__PORT: '7000',
      SKUA_AUTH__0__AUDIENCE: 'x, y',
      SKUA_AUTH__1__ISSUER: 'https://other.example.com',
      SKUA_AUTH__1__AUDIENCE: '["z"]',
      SKUA_CATALOGS__QUICKSTART__URI: 'https://elsewhere.example.com',
      SKUA_STORAGE__PATH_STYLE: 'true',
      SKUA_STORAGE__CACHE_SIZE: '1GiB',
    });
    expect(config.server.port).toBe(7000);
    expect(config.auth.map(({ audience }) => audience)).toEqual([['x', 'y'], ['z']]);
    expect(config.catalogs.quickstart?.uri).toBe('https://elsewhere.example.com');
    expect(config.storage).toMatchObject({ pathStyle: true, cacheSize: 2 ** 30 });
  });

  test('a whole configuration can come from the environment', () => {
    const config = load('', {
      SKUA_AUTH__0__ISSUER: 'https://idp.example.com',
      SKUA_AUTH__0__AUDIENCE: 'a',
      SKUA_CATALOGS__LAKE__URI: 'https://catalog.example.com',
    });
    expect(Object.keys(config.catalogs)).toEqual(['lake']);
  });

  test('a named table is found whatever its case and punctuation', () => {
    const config = load(MINIMAL.replace('quickstart', '"My-Lake"'), { SKUA_CATALOGS__MY_LAKE__WAREHOUSE: 'w' });
    expect(config.catalogs['My-Lake']?.warehouse).toBe('w');
  });

  test('an unknown variable is an error that names the one that was meant', () => {
    expect(problemsOf(MINIMAL, { SKUA_SERVER__PROT: '1' })).toEqual([
      'SKUA_SERVER__PROT: no key of the configuration has this name; did you mean SKUA_SERVER__PORT?',
    ]);
    expect(problemsOf(MINIMAL, { SKUA_SERVER: '1' })).toHaveLength(1);
    expect(problemsOf(MINIMAL, { SKUA_AUTH__5__ISSUER: 'https://x' })).toHaveLength(1);
    expect(problemsOf(MINIMAL, { SKUA_AUTH__ISSUER: 'https://x' })).toHaveLength(1);
  });

  test('variables of the client and of tests, and empty ones, are left alone', () => {
    expect(
      problemsOf(MINIMAL, { SKUA_TOKEN: 't', SKUA_ADDRESS: 'a', SKUA_TEST_POLARIS: 'p', SKUA_SERVER__PROT: '' }),
    ).toEqual([]);
  });

  test('a wrong value names the variable', () => {
    expect(problemsOf(MINIMAL, { SKUA_SERVER__PORT: 'high' })).toEqual([
      'server.port (from SKUA_SERVER__PORT): "high" is not allowed; it must be an integer from 0 to 65535.',
    ]);
  });
});

describe('secrets', () => {
  const directory = mkdtempSync(join(tmpdir(), 'skua-config-'));
  const file = join(directory, 'skua.toml');
  const key = 'k'.repeat(32);
  writeFileSync(join(directory, 'ticket.key'), `${key}\n`);

  test('a secret can come from a file beside the configuration file', () => {
    writeFileSync(file, withServer('[tickets]\nkey_file = "ticket.key"'));
    expect(loadConfig({ path: file, env: {} }).tickets.key).toBe(key);
  });

  test('a secret and its file at once are a contradiction', () => {
    expect(problemsOf(withServer(`[tickets]\nkey = "${key}"\nkey_file = "ticket.key"`))).toHaveLength(2);
  });

  test('a variable overrides the file of a secret, and the other way round', () => {
    writeFileSync(file, withServer('[tickets]\nkey_file = "missing"'));
    expect(loadConfig({ path: file, env: { SKUA_TICKETS__KEY: 'e'.repeat(32) } }).tickets.key).toBe('e'.repeat(32));
    writeFileSync(file, withServer('[tickets]\nkey = "short"'));
    const env = { SKUA_TICKETS__KEY_FILE: join(directory, 'ticket.key') };
    expect(loadConfig({ path: file, env }).tickets.key).toBe(key);
  });

  test('a file that is not there is an error that names the key', () => {
    expect(problemsOf(withServer('[tickets]\nkey_file = "missing"'))).toEqual([
      expect.stringMatching(/^tickets\.key_file: the file .*missing can't be read \(ENOENT\)\.$/),
    ]);
  });

  test('paths count from the folder of the configuration file', () => {
    writeFileSync(file, withServer('[storage]\nlocal_roots = ["warehouse"]'));
    expect(loadConfig({ path: file, env: {} }).storage.localRoots).toEqual([join(directory, 'warehouse')]);
  });

  test('a configuration file that is not there is an error that names it', () => {
    expect(() => loadConfig({ path: join(directory, 'absent.toml'), env: {} })).toThrow(/absent\.toml does not exist/);
  });
});

describe('store access of a catalog', () => {
  const text = `
    [[auth]]
    issuer = "https://idp"
    audience = "a"
    [catalogs.vended]
    uri = "https://c"
    [catalogs.static]
    uri = "https://c"
    credential_delegation = "none"
    [catalogs.static.storage]
    region = "eu-west-1"
    [storage]
    endpoint = "http://127.0.0.1:9000"
    region = "us-east-1"
    access_key_id = "id"
    secret_access_key = "secret"`;

  test('static keys reach only the catalogs whose delegation allows them', () => {
    const config = load(text);
    expect(storeAccessOf(config, 'vended').secretAccessKey).toBeUndefined();
    expect(storeAccessOf(config, 'static')).toEqual({
      endpoint: 'http://127.0.0.1:9000',
      region: 'eu-west-1',
      pathStyle: undefined,
      accessKeyId: 'id',
      secretAccessKey: 'secret',
    });
  });
});
