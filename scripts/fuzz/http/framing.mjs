/** The bytes of requests, and the ways in which their bodies are announced and sent. */
import { pick } from '../mutation.mjs';

/** With which lengths a body is announced and sent, beside the right one. */
export const framings = [
  'chunks',
  'chunks',
  'no length',
  'too short',
  'too long',
  'no number',
  'negative',
  'both',
  'bad chunks',
  'no last chunk',
];

/** `what` is told how the body is sent, where that is not the right way. */
export function framed(random, { method, path, headers, body, ...request }, what) {
  const { framing } = request;
  const content = body ?? Buffer.alloc(0);
  const own = [];
  let sent = content;
  if (framing !== undefined) what.push(framing);
  switch (framing) {
    case undefined:
      if (body !== undefined) own.push(['content-length', content.length]);
      break;
    case 'chunks':
      own.push(['transfer-encoding', 'chunked']);
      sent = chunked(random, content, '0\r\nx-trailer: y\r\n\r\n');
      break;
    case 'no last chunk':
      own.push(['transfer-encoding', 'chunked']);
      sent = chunked(random, content, '');
      break;
    case 'bad chunks':
      own.push(['transfer-encoding', 'chunked']);
      sent = Buffer.from(
        pick(random, [
          'fffffffffffffffff\r\nx',
          '-1\r\nx',
          'zz\r\nx\r\n',
          '5;a="\r\nhello',
          '3\r\nabcdef\r\n0\r\n\r\n',
        ]),
      );
      break;
    case 'both':
      own.push(['transfer-encoding', 'chunked'], ['content-length', content.length]);
      sent = chunked(random, content, '0\r\n\r\n');
      break;
    case 'too short':
      own.push(['content-length', Math.floor(content.length / 2)]);
      break;
    case 'too long':
      own.push(['content-length', content.length + pick(random, [1, 1000, 2 ** 40])]);
      break;
    case 'no number':
      own.push(['content-length', pick(random, ['abc', '', '1e3', '0x10', '1,2', '99999999999999999999'])]);
      break;
    case 'negative':
      own.push(['content-length', '-5']);
  }
  const lines = [...headers, ...own].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines}\r\n`, 'utf8'), sent]);
}

function chunked(random, content, end) {
  const pieces = [];
  for (let at = 0; at < content.length; ) {
    const size = 1 + Math.floor(random() ** 3 * Math.max(content.length / 2, 16));
    const piece = content.subarray(at, at + size);
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
    at += size;
  }
  return Buffer.concat([...pieces, Buffer.from(end)]);
}
