/**
 * A store with more data than there is disk: it passes requests on to an S3 store, but for objects below `/warehouse/copies/`, each of which has the bytes of
 * one local file. A process of its own; arguments: that store's port, the file.
 */
import { createReadStream, statSync } from 'node:fs';
import { createServer, request } from 'node:http';

const [port, file] = process.argv.slice(2);
const { size } = statSync(file);

const server = createServer((incoming, outgoing) => {
  const { method, url, headers } = incoming;
  if (!url.startsWith('/warehouse/copies/')) {
    // The signature holds the host that was asked for.
    const forwarded = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
    return;
  }
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? '') ?? [];
  const start = from === '' ? size - Number(to) : Number(from ?? 0);
  const end = from === '' || !to ? size - 1 : Math.min(size - 1, Number(to));
  outgoing.writeHead(headers.range ? 206 : 200, {
    'content-length': end - start + 1,
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
    etag: '"made-up-1"',
    ...(headers.range && { 'content-range': `bytes ${start}-${end}/${size}` }),
  });
  if (method === 'HEAD') outgoing.end();
  else createReadStream(file, { start, end }).pipe(outgoing);
});
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('disconnect', () => process.exit(0));
