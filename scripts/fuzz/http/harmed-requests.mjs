/** What careless clients, proxies and attackers make of sound requests. */
import { harmBytes, harmJson, pick } from '../mutation.mjs';
import { framed, framings } from './framing.mjs';

const methods = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'QUERY',
  'PROPFIND',
  'get',
  'G\0T',
];
const parts = [
  '..',
  '.',
  '%',
  '%zz',
  '%00',
  '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  '%c0%ae%c0%ae',
  '%ff%fe',
  '%E0%A4%A',
  '%25%32%65',
  '\\..\\',
  '/',
  '//',
  '?',
  '#',
  ';a=b',
  'ä🦉',
  '%0d%0aset-cookie:a=b',
  '__proto__',
  'constructor',
  '*',
  ':id',
  '{id}',
  '<script>alert(1)</script>',
  'x'.repeat(3000),
];
const contentTypes = [
  '',
  ';',
  'application/json; charset=utf-16',
  'application/json;;;=',
  'text/html',
  'multipart/form-data; boundary=',
  'application/x-www-form-urlencoded',
  'application/vnd.apache.arrow.stream',
  'application/sql',
  'x'.repeat(5000),
];
const accepts = [
  '',
  ';;;',
  '*/*;q=abc',
  '*/*;q=-1',
  'application/json;q=0',
  'application/json;q=1e999',
  'text/html, */*;q=0.1',
  'a/b,'.repeat(4000),
  '"',
  'application/json;a="\\',
];
const hosts = [
  '',
  'a b',
  '[::1',
  '%',
  '../x',
  'x:99999',
  'x:y',
  'ä',
  'user:pass@host',
  'x/y?z#a',
  '@',
  'h'.repeat(4000),
];
const odd = [
  '',
  ' ',
  '\0',
  '\u00ff\u00fe',
  'x'.repeat(70_000),
  '%',
  '{"a":',
  '00-0-0-0',
  '..',
  'null',
  '\t\t',
  '=; =;',
];
const tokens = [
  'Bearer',
  'Bearer ',
  'Bearer a.b.c',
  'Basic !!!',
  'Basic OmE=',
  'Digest x',
  'bearer\tx',
  'Bearer eyJ.eyJ.x',
];
const names = [
  'cookie',
  'skua-session',
  'traceparent',
  'tracestate',
  'te',
  'origin',
  'referer',
  'x-forwarded-for',
  'range',
];
const bodies = [
  '',
  'null',
  '[]',
  '"x"',
  '{"sql":1}',
  '{"sql":"SELECT 1","sql":"SELECT 2"}',
  '{"sql":"SELECT \ud800"}',
  '{"__proto__":{"sql":"SELECT 1"},"sql":"SELECT 1"}',
  `{"sql":"SELECT ?","parameters":[${'9'.repeat(400)}]}`,
  `{"sql":"SELECT ?","parameters":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
  '['.repeat(100_000),
  '{"a":'.repeat(50_000),
  `{"sql":"SELECT ${'('.repeat(3000)}1${')'.repeat(3000)}"}`,
  `[${'{"jsonrpc":"2.0","id":1,"method":"ping"},'.repeat(500)}{"jsonrpc":"2.0","id":1,"method":"ping"}]`,
  Buffer.from('fffe7b00', 'hex'),
  Buffer.from('efbbbf7b7d', 'hex'),
  Buffer.alloc(17 << 20, 0x20),
];

/** `{ pieces, isWhole, isCut, what }`: the bytes of a request with something wrong with it; `what` names it. */
export function harmedRequest(random, sound, token) {
  const request = { ...sound, headers: sound.headers.map((pair) => [...pair]), isWhole: true };
  request.body ??= request.json === undefined ? undefined : Buffer.from(JSON.stringify(request.json));
  const what = [];
  const times = 1 + Math.floor(random() ** 2 * 3);
  for (let time = 0; time < times; time++) {
    const [name, harm] = pick(random, harms);
    what.push(name);
    harm(random, request, token);
  }
  if (random() < 0.8) request.headers.push(['connection', 'close']);
  const bytes = framed(random, request, what);
  const isRaw = random() < 0.15;
  if (isRaw) what.push('bytes');
  const sent = isRaw ? harmBytes(random, bytes) : bytes;
  const isCut = random() < 0.04;
  return {
    pieces: isCut ? [sent.subarray(0, Math.floor(random() * sent.length))] : inPieces(random, sent),
    isWhole: request.isWhole && !isRaw,
    isCut,
    what: `${sound.method} ${sound.path}: ${what.join(', ')}`,
  };
}

const harms = [
  ['method', (random, request) => Object.assign(request, { method: pick(random, methods) })],
  ['path', (random, request, token) => Object.assign(request, { path: harmedPath(random, request.path, token) })],
  ['content type', (random, request) => replace(request, 'content-type', pick(random, contentTypes))],
  ['accept', (random, request) => replace(request, 'accept', pick(random, accepts))],
  ['host', (random, request) => replace(request, 'host', pick(random, hosts))],
  [
    'token',
    (random, request, token) => {
      const harmed = harmBytes(random, Buffer.from(token)).toString('latin1');
      replace(request, 'authorization', pick(random, [...tokens, `Bearer ${harmed}`, `Basic ${token}`, token]));
    },
  ],
  [
    'the token where it does not belong',
    (random, request, token) => {
      const name = pick(random, [...names, 'accept', 'content-type', 'host', 'x-token']);
      replace(request, name, pick(random, [token, `Bearer ${token}`, `http://${token}`]));
    },
  ],
  [
    'header',
    (random, request) => replace(request, pick(random, [...names, 'expect-ct', '__proto__', 'x']), pick(random, odd)),
  ],
  [
    'headers twice',
    (random, request) => {
      const pair = pick(random, request.headers);
      request.headers.push([pair[0].toUpperCase(), random() < 0.5 ? pair[1] : pick(random, odd)]);
    },
  ],
  [
    'many headers',
    (random, request) => {
      const many = 10 ** (1 + Math.floor(random() * 3));
      for (let index = 0; index < many; index++) request.headers.push([`x-${index % 700}`, 'y'.repeat(20)]);
    },
  ],
  [
    'a header of connections',
    (random, request) => {
      request.isWhole = false;
      request.headers.push(
        ...pick(random, [
          [['expect', '100-continue']],
          [['expect', 'something else']],
          [
            ['connection', 'upgrade, http2-settings'],
            ['upgrade', 'h2c'],
            ['http2-settings', 'AAMAAABkAAQAAP__'],
          ],
          [
            ['connection', 'upgrade'],
            ['upgrade', 'websocket'],
            ['sec-websocket-key', 'x'],
          ],
          [['transfer-encoding', 'gzip, chunked']],
          [['content-encoding', 'gzip']],
          [['content-length', '5']],
          [['transfer-encoding', 'chunked']],
          [['connection', 'authorization, content-length']],
        ]),
      );
    },
  ],
  ['body', (random, request) => Object.assign(request, { body: Buffer.from(pick(random, bodies)) })],
  [
    'JSON',
    (random, request) => {
      if (request.json !== undefined) request.body = Buffer.from(JSON.stringify(harmJson(random, request.json)));
    },
  ],
  [
    'bytes of the body',
    (random, request) => {
      if (request.body !== undefined) request.body = harmBytes(random, request.body);
    },
  ],
  [
    'framing',
    (random, request) => {
      request.framing = pick(random, framings);
      if (request.framing !== 'chunks') request.isWhole = false;
    },
  ],
];

function inPieces(random, bytes) {
  if (random() < 0.85) return [bytes];
  const at = Math.floor(random() * Math.min(bytes.length, 2000));
  return [bytes.subarray(0, at), bytes.subarray(at, at + 1), bytes.subarray(at + 1)];
}

function harmedPath(random, path, token) {
  const levels = path.split('/');
  const at = 1 + Math.floor(random() * Math.max(levels.length - 1, 1));
  const part = random() < 0.1 ? token : pick(random, parts);
  switch (Math.floor(random() * 6)) {
    case 0:
      return `${path}/${part}`;
    case 1:
      return `${path}?access_token=${token}&${part}=${part}`;
    case 2:
      return `http://elsewhere.example${path}${part}`;
    case 3:
      return pick(random, ['*', '', part, `/${part}`]);
    case 4:
      return levels.with(Math.min(at, levels.length - 1), part).join('/');
    default:
      return path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
  }
}

/** Sets the header that is there, or adds it. */
function replace(request, name, value) {
  const pair = request.headers.find(([known]) => known === name);
  if (pair === undefined) request.headers.push([name, value]);
  else pair[1] = value;
}
