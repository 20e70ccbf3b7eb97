/**
 * A process between whoever reads and the store: counts requests and the bytes that the store sends, and lets each request wait. Takes over
 * IPC `{ delay }` in milliseconds, or 'counts'.
 */
import { connect, createServer } from 'node:net';

const port = Number(process.argv[2]);
let delay = 0;
let requests = 0;
let sent = 0;

const proxy = createServer((client) => {
  const store = connect(port, '127.0.0.1');
  for (const socket of [client, store]) {
    socket.setNoDelay(true);
    socket.on('error', () => client.destroy() && store.destroy());
  }
  let isAnswered = true;
  client.on('data', (bytes) => {
    if (isAnswered) requests++;
    isAnswered = false;
    if (delay === 0) store.write(bytes);
    else setTimeout(() => store.write(bytes), delay);
  });
  client.on('end', () => setTimeout(() => store.end(), delay));
  store.on('data', (bytes) => {
    isAnswered = true;
    sent += bytes.length;
  });
  store.pipe(client);
});

process.on('message', (message) => {
  if (message === 'counts') process.send({ requests, sent });
  else delay = message.delay;
});
process.on('disconnect', () => process.exit(0));
proxy.listen(0, '127.0.0.1', () => process.send({ port: proxy.address().port }));
