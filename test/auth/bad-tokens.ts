/** Tokens that must not get in, each with the sentence that its bearer reads. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { JWK } from 'jose';
import { TestIssuer } from './issuer.js';

export const SETTINGS = `user_claim = "preferred_username"\nroles_claim = "realm.roles"\nleeway = 0\nalgorithms = ["ES256", "PS256"]`;

interface Parts {
  /** Laid over good claims; undefined leaves one out. */
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
  /** Instead of JSON made of these. */
  payloadBytes?: string | Uint8Array;
  headerBytes?: string | Uint8Array;
  /** Another key, by its name in `TokenMaker.keys`. */
  key?: string;
  change?: (token: string) => string;
}

export interface BadToken {
  name: string;
  /** Called when the issuer runs. */
  parts: (maker: TokenMaker) => Parts;
  sentence: string | RegExp;
}

/** Signs whatever it is told to, also what no library would. */
export class TokenMaker {
  readonly issuer = new TestIssuer();
  readonly #keys = new Map<string, KeyObject>();

  async start(): Promise<void> {
    await this.issuer.start();
    for (const name of ['good', 'unpublished', 'encryption', 'verify-not']) {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      this.#keys.set(name, privateKey);
      const jwk = { ...publicKey.export({ format: 'jwk' }), kid: name } as JWK;
      if (name === 'encryption') this.issuer.keys.push({ ...jwk, use: 'enc' });
      else if (name === 'verify-not') this.issuer.keys.push({ ...jwk, key_ops: ['encrypt'] });
      else if (name === 'good') this.issuer.keys.push({ ...jwk, alg: 'ES256', use: 'sig' });
    }
  }

  /** The good key as a JWK. */
  get publicKey(): JWK {
    return this.issuer.keys[0] as JWK;
  }

  get now(): number {
    return Math.floor(Date.now() / 1000);
  }

  get claims(): Record<string, unknown> {
    const { now } = this;
    const roles = { roles: ['reader'] };
    return {
      iss: this.issuer.url,
      aud: 'account',
      sub: 's-1',
      preferred_username: 'ann',
      realm: roles,
      iat: now,
      exp: now + 300,
    };
  }

  token({ claims, header, payloadBytes, headerBytes, key = 'good', change = (token) => token }: Parts = {}): string {
    const head = headerBytes ?? JSON.stringify({ alg: 'ES256', typ: 'JWT', kid: key, ...header });
    const body = payloadBytes ?? JSON.stringify({ ...this.claims, ...claims });
    const signed = `${base64url(head)}.${base64url(body)}`;
    return change(`${signed}.${this.#sign(signed, key)}`);
  }

  #sign(text: string, key: string): string {
    const privateKey = { key: this.#keys.get(key) as KeyObject, dsaEncoding: 'ieee-p1363' } as const;
    return sign('sha256', Buffer.from(text), privateKey).toString('base64url');
  }
}

export function base64url(bytes: string | Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

const wrongType = (claim: string) => `The claim '${claim}' of the token has a wrong type.`;
const missing = (claim: string) => `The token has no claim '${claim}', which is required.`;
const NO_TEXT = ' has a wrong type: it must be text.';
const SUBJECT = "The claim 'sub' of the token";
const USER = "The claim 'preferred_username' of the token, which names the user,";
const ROLE = "A role in the claim 'realm.roles' of the token";
const MALFORMED = 'The token is malformed: its header and claims are no JSON.';
const NO_OBJECT = 'The token is malformed: its header and claims are no JSON objects.';
const TWICE = 'The token is malformed: it has a claim or a header twice.';
const UNTRUSTED = 'The token comes from an issuer that this server does not trust.';
const ELSEWHERE = 'The token was issued for another audience, not for this server.';
const EXPIRED = 'The token has expired. Fetch a new one.';
const NOT_YET = 'The token is not valid yet.';
const SIGNATURE = "The token's signature is wrong.";
const UNPUBLISHED = 'The token is signed with a key that its issuer does not publish.';
const THREE_PARTS = 'The token is no JSON Web Token, which has three parts separated by dots.';
const OTHER_TYPE = 'The token is of another type, not an access token.';
const NO_ALGORITHM = 'The token does not name its signature algorithm.';

function claims(name: string, values: Record<string, unknown>, sentence: string | RegExp): BadToken {
  return { name, parts: () => ({ claims: values }), sentence };
}

function header(name: string, values: Record<string, unknown>, sentence: string | RegExp): BadToken {
  return { name, parts: () => ({ header: values }), sentence };
}

function changed(name: string, change: (token: string) => string, sentence: string | RegExp): BadToken {
  return { name, parts: () => ({ change }), sentence };
}

/** Values of each JSON type but text. */
const NO_TEXTS: [string, unknown][] = [
  ['null', null],
  ['a number', 17],
  ['zero', 0],
  ['a boolean', true],
  ['a list', ['s-1']],
  ['an empty list', []],
  ['an object', { id: 's-1' }],
];

/** Text that is no name. */
const NO_NAMES: [string, string, string][] = [
  ['empty', '', ' is empty.'],
  ['blank', '  ', ' is empty.'],
  ['a tab', '\t', ' is empty.'],
  ['of 1,025 characters', 'x'.repeat(1025), ' is longer than 1024 characters.'],
  ['of 20,000 characters', 'x'.repeat(20_000), ' is longer than 1024 characters.'],
  ['with a line break', 'ann\nadmin', ' has control characters.'],
  ['with a NUL', 'ann\u0000', ' has control characters.'],
  ['with an escape character', '\u001b[31mann', ' has control characters.'],
  ['with DEL', 'ann\u007f', ' has control characters.'],
  ['with a line separator', 'ann\u2028', ' has control characters.'],
  ['with half a surrogate pair', 'ann\ud800', ' is no valid Unicode.'],
];

const NO_TIMES: [string, unknown][] = [
  ['null', null],
  ['text', '1893456000'],
  ['a boolean', true],
  ['a list', [1893456000]],
  ['an object', {}],
];

const FORMS: BadToken[] = [
  claims('sub missing', { sub: undefined }, missing('sub')),
  ...NO_TEXTS.map(([kind, sub]) => claims(`sub ${kind}`, { sub }, SUBJECT + NO_TEXT)),
  ...NO_NAMES.map(([kind, sub, sentence]) => claims(`sub ${kind}`, { sub }, SUBJECT + sentence)),
  claims('iss missing', { iss: undefined }, missing('iss')),
  ...NO_TEXTS.map(([kind, iss]) => claims(`iss ${kind}`, { iss }, wrongType('iss'))),
  claims('exp missing', { exp: undefined }, missing('exp')),
  ...['exp', 'nbf', 'iat'].flatMap((claim) => [
    ...NO_TIMES.map(([kind, value]) => claims(`${claim} ${kind}`, { [claim]: value }, wrongType(claim))),
    claims(`${claim} beyond the year 9999`, { [claim]: 253402300800 }, `The claim '${claim}' of the token is no time.`),
    claims(`${claim} in milliseconds`, { [claim]: 1893456000000 }, `The claim '${claim}' of the token is no time.`),
    claims(`${claim} of 308 digits`, { [claim]: 1e308 }, `The claim '${claim}' of the token is no time.`),
  ]),
  {
    name: 'exp greater than any number',
    parts: ({ claims }) => ({ payloadBytes: JSON.stringify({ ...claims, exp: 'E' }).replace('"E"', '1e999') }),
    sentence: "The claim 'exp' of the token is no time.",
  },
  claims('aud null', { aud: null }, wrongType('aud')),
  claims('aud a number', { aud: 1 }, wrongType('aud')),
  claims('aud an object', { aud: { account: true } }, wrongType('aud')),
  claims('aud a list with a number', { aud: ['account', 1] }, wrongType('aud')),
  claims('aud a list of lists', { aud: [['account']] }, wrongType('aud')),
  claims('bound to a certificate', { cnf: { 'x5t#S256': 'abc' } }, /^The token is bound to a key of its holder/),
  claims('bound to a key of DPoP', { cnf: { jkt: 'abc' } }, /^The token is bound to a key of its holder/),
  claims('cnf null', { cnf: null }, /^The token is bound to a key of its holder/),
];

const NAMES: BadToken[] = [
  claims(
    'user name missing',
    { preferred_username: undefined },
    "The token has no claim 'preferred_username', which names the user.",
  ),
  claims('user name null', { preferred_username: null }, /^The token has no claim 'preferred_username'/),
  ...NO_TEXTS.slice(1).map(([kind, value]) =>
    claims(`user name ${kind}`, { preferred_username: value }, USER + NO_TEXT),
  ),
  ...NO_NAMES.map(([kind, value, sentence]) =>
    claims(`user name ${kind}`, { preferred_username: value }, USER + sentence),
  ),
  claims('roles a number', { realm: { roles: 1 } }, "The claim 'realm.roles' of the token is no list of role names."),
  claims('roles an object', { realm: { roles: { a: 1 } } }, /is no list of role names\.$/),
  claims('roles a boolean', { realm: { roles: true } }, /is no list of role names\.$/),
  claims('a role null', { realm: { roles: ['a', null] } }, ROLE + NO_TEXT),
  claims('a role a list', { realm: { roles: [['a']] } }, ROLE + NO_TEXT),
  claims('a role empty', { realm: { roles: ['a', ''] } }, `${ROLE} is empty.`),
  claims('a role with a line break', { realm: { roles: ['a\nb'] } }, `${ROLE} has control characters.`),
];

const VALUES: BadToken[] = [
  claims('iss another', { iss: 'https://evil.example.com' }, UNTRUSTED),
  claims('iss empty', { iss: '' }, UNTRUSTED),
  {
    name: 'iss with a slash more',
    parts: ({ issuer }) => ({ claims: { iss: `${issuer.url}/` } }),
    sentence: UNTRUSTED,
  },
  {
    name: 'iss in upper case',
    parts: ({ issuer }) => ({ claims: { iss: issuer.url.toUpperCase() } }),
    sentence: UNTRUSTED,
  },
  { name: 'iss with a blank', parts: ({ issuer }) => ({ claims: { iss: ` ${issuer.url}` } }), sentence: UNTRUSTED },
  claims('aud missing', { aud: undefined }, missing('aud')),
  claims('aud another', { aud: 'elsewhere' }, ELSEWHERE),
  claims('aud empty', { aud: '' }, ELSEWHERE),
  claims('aud an empty list', { aud: [] }, ELSEWHERE),
  claims('aud in upper case', { aud: 'ACCOUNT' }, ELSEWHERE),
  claims('aud a list of others', { aud: ['a', 'accounts'] }, ELSEWHERE),
  { name: 'exp just now', parts: ({ now }) => ({ claims: { exp: now } }), sentence: EXPIRED },
  { name: 'exp a fraction of a second ago', parts: ({ now }) => ({ claims: { exp: now - 0.25 } }), sentence: EXPIRED },
  claims('exp zero', { exp: 0 }, EXPIRED),
  claims('exp negative', { exp: -1 }, EXPIRED),
  { name: 'nbf in a minute', parts: ({ now }) => ({ claims: { nbf: now + 60 } }), sentence: NOT_YET },
  { name: 'nbf a fraction after a minute', parts: ({ now }) => ({ claims: { nbf: now + 60.5 } }), sentence: NOT_YET },
];

const HEADERS: BadToken[] = [
  header('alg missing', { alg: undefined }, NO_ALGORITHM),
  header('alg null', { alg: null }, NO_ALGORITHM),
  header('alg a list', { alg: ['ES256'] }, NO_ALGORITHM),
  header('alg empty', { alg: '' }, NO_ALGORITHM),
  header('alg none', { alg: 'none' }, 'The token is not signed.'),
  header('alg NONE', { alg: 'NONE' }, "The token's signature algorithm 'NONE' is not allowed."),
  header('alg HS256', { alg: 'HS256' }, "The token's signature algorithm 'HS256' is not allowed."),
  header(
    'alg RS256, which is not allowed',
    { alg: 'RS256' },
    "The token's signature algorithm 'RS256' is not allowed.",
  ),
  header('alg es256', { alg: 'es256' }, "The token's signature algorithm 'es256' is not allowed."),
  header(
    'alg of another kind of key',
    { alg: 'PS256' },
    "The token's signature algorithm 'PS256' does not fit its key.",
  ),
  header('kid a number', { kid: 1 }, "The token's key id, 'kid', has a wrong type."),
  header('kid null', { kid: null }, "The token's key id, 'kid', has a wrong type."),
  header('kid unknown', { kid: 'nobody' }, UNPUBLISHED),
  header('kid empty', { kid: '' }, UNPUBLISHED),
  header('kid a path', { kid: '../../dev/null' }, UNPUBLISHED),
  header('typ a number', { typ: 1 }, OTHER_TYPE),
  header('typ of a logout', { typ: 'logout+jwt' }, OTHER_TYPE),
  header('typ of DPoP', { typ: 'dpop+jwt' }, OTHER_TYPE),
  header('crit unknown', { crit: ['x'], x: 1 }, 'The token needs an extension that this server does not know.'),
  header('crit no list', { crit: 'x' }, /^The token is malformed/),
  header('payload that is not encoded', { crit: ['b64'], b64: false }, /^The token (is malformed|needs an extension)/),
  {
    name: 'a key of its own in the header',
    parts: ({ publicKey }) => ({ key: 'unpublished', header: { jwk: publicKey, kid: 'mine' } }),
    sentence: UNPUBLISHED,
  },
  { name: 'a key that is not published', parts: () => ({ key: 'unpublished' }), sentence: UNPUBLISHED },
  {
    name: 'a key that is not published, by the id of one that is',
    parts: () => ({ key: 'unpublished', header: { kid: 'good' } }),
    sentence: SIGNATURE,
  },
  {
    name: 'a key that is not published, by no id',
    parts: () => ({ key: 'unpublished', header: { kid: undefined } }),
    sentence: SIGNATURE,
  },
  {
    name: 'a key for encryption',
    parts: () => ({ key: 'encryption' }),
    sentence: /does not fit its key\.$|can't be used\.$/,
  },
  {
    name: 'a key that may not verify',
    parts: () => ({ key: 'verify-not' }),
    sentence: /does not fit its key\.$|can't be used\.$/,
  },
];

/** With one claim twice, the second time with another value. */
const twice = (claim: string, second: unknown) => (maker: TokenMaker) => ({
  payloadBytes: JSON.stringify(maker.claims).replace(/\}$/, `,${JSON.stringify(claim)}:${JSON.stringify(second)}}`),
});

const TEXTS: BadToken[] = [
  { name: 'sub twice', parts: twice('sub', 's-2'), sentence: TWICE },
  { name: 'iss twice', parts: twice('iss', 'https://evil.example.com'), sentence: TWICE },
  { name: 'exp twice', parts: twice('exp', 253402300799), sentence: TWICE },
  { name: 'aud twice', parts: twice('aud', 'account2'), sentence: TWICE },
  {
    name: 'sub twice, once with an escape',
    parts: ({ claims }) => ({ payloadBytes: JSON.stringify(claims).replace(/\}$/, ',"s\\u0075b":"s-2"}') }),
    sentence: TWICE,
  },
  {
    name: 'a nested claim twice',
    parts: ({ claims }) => ({ payloadBytes: JSON.stringify(claims).replace('"roles":', '"roles":[],"roles":') }),
    sentence: TWICE,
  },
  { name: 'alg twice', parts: () => ({ headerBytes: '{"alg":"none","alg":"ES256","kid":"good"}' }), sentence: TWICE },
  { name: 'claims that are no JSON', parts: () => ({ payloadBytes: 'sub=s-1' }), sentence: MALFORMED },
  { name: 'claims that break off', parts: () => ({ payloadBytes: '{"sub":"s-1"' }), sentence: MALFORMED },
  { name: 'claims of thousands of brackets', parts: () => ({ payloadBytes: '['.repeat(5000) }), sentence: MALFORMED },
  { name: 'claims with a comma too many', parts: () => ({ payloadBytes: '{"sub":"s-1",}' }), sentence: MALFORMED },
  { name: 'claims a list', parts: () => ({ payloadBytes: '[]' }), sentence: NO_OBJECT },
  { name: 'claims null', parts: () => ({ payloadBytes: 'null' }), sentence: NO_OBJECT },
  { name: 'claims text', parts: () => ({ payloadBytes: '"s-1"' }), sentence: NO_OBJECT },
  { name: 'claims with a byte order mark', parts: () => ({ payloadBytes: '\ufeff{}' }), sentence: MALFORMED },
  {
    name: 'claims that are no UTF-8',
    parts: ({ claims }) => ({ payloadBytes: Buffer.from(JSON.stringify({ ...claims, sub: 's-\xff' }), 'latin1') }),
    sentence: MALFORMED,
  },
  { name: 'a header that is no JSON', parts: () => ({ headerBytes: 'ES256' }), sentence: MALFORMED },
  { name: 'a header that is a list', parts: () => ({ headerBytes: '["ES256"]' }), sentence: NO_OBJECT },
  changed('no token at all', () => 'rubbish', THREE_PARTS),
  changed('two parts', (token) => token.split('.').slice(0, 2).join('.'), THREE_PARTS),
  changed('four parts', (token) => `${token}.x`, THREE_PARTS),
  changed('five parts', (token) => `${token}.x.y`, 'The token is encrypted; this server takes signed JSON Web Tokens.'),
  changed('empty parts', () => '..', MALFORMED),
  changed('no signature', (token) => token.replace(/[^.]*$/, ''), "The token's signature is malformed."),
  changed('a padded signature', (token) => `${token}==`, "The token's signature is malformed."),
  changed(
    'a signature in another alphabet',
    (token) => `${token.slice(0, -2)}+/`,
    "The token's signature is malformed.",
  ),
  changed('a shortened signature', (token) => token.slice(0, -8), SIGNATURE),
  changed(
    'another signature',
    (token) => token.replace(/.(.{9})$/, (end) => `${end[0] === 'A' ? 'B' : 'A'}${end.slice(1)}`),
    SIGNATURE,
  ),
  changed('padded claims', (token) => token.replace(/\.([^.]*)\./, '.$1=.'), MALFORMED),
  {
    name: 'other claims under the same signature',
    parts: ({ claims }) => ({ change: (token) => exchange(token, JSON.stringify({ ...claims, sub: 'admin' })) }),
    sentence: SIGNATURE,
  },
  {
    name: 'the public key as a secret',
    parts: ({ publicKey }) => ({
      header: { alg: 'HS256' },
      change: (token) => {
        const signed = token.slice(0, token.lastIndexOf('.'));
        return `${signed}.${createHmac('sha256', JSON.stringify(publicKey)).update(signed).digest('base64url')}`;
      },
    }),
    sentence: "The token's signature algorithm 'HS256' is not allowed.",
  },
];

function exchange(token: string, payload: string): string {
  const [head, , signature] = token.split('.');
  return `${head}.${base64url(payload)}.${signature}`;
}

export const BAD_TOKENS: readonly BadToken[] = [...FORMS, ...NAMES, ...VALUES, ...HEADERS, ...TEXTS];

/** Tokens that look odd and are in order. */
export const GOOD_TOKENS: readonly { name: string; parts: (maker: TokenMaker) => Parts }[] = [
  { name: 'exp with a fraction', parts: ({ now }) => ({ claims: { exp: now + 60.5 } }) },
  { name: 'nbf and iat with fractions', parts: ({ now }) => ({ claims: { nbf: now - 0.5, iat: now - 0.5 } }) },
  { name: 'nbf and iat negative', parts: () => ({ claims: { nbf: -1, iat: -1 } }) },
  { name: 'exp at the end of the year 9999', parts: () => ({ claims: { exp: 253402300799 } }) },
  { name: 'a subject of 1,024 characters beyond ASCII', parts: () => ({ claims: { sub: 'ü'.repeat(1024) } }) },
  { name: 'a subject beyond the basic plane', parts: () => ({ claims: { sub: '\u{1f985} eagle' } }) },
  { name: 'no roles', parts: () => ({ claims: { realm: undefined } }) },
  { name: 'null for roles', parts: () => ({ claims: { realm: { roles: null } } }) },
  { name: 'roles as one string', parts: () => ({ claims: { realm: { roles: 'reader  writer' } } }) },
  { name: 'no key id', parts: () => ({ header: { kid: undefined } }) },
  { name: 'no type', parts: () => ({ header: { typ: undefined } }) },
  { name: 'a claim twice with the same value', parts: twice('sub', 's-1') },
  { name: 'claims that nobody knows', parts: () => ({ claims: { __proto__x: 1, constructor: {}, deep: [[[{}]]] } }) },
];
