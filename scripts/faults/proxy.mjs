/** An HTTP proxy that does harm: it cuts connections before, during and after an answer, refuses, repeats refusals of what was done, and dawdles. */
import { createServer, request as forward } from 'node:http';

/** What a catalog answers to a commit that came too late. */
export const conflict = '{"error":{"code":409,"type":"CommitFailedException","message":"Requirement failed"}}';

/** Harm in words: where it strikes, and what the other side sees. */
const harms = ['cut before', 'cut during', 'cut after', 'refused', 'done and refused', 'slow'];

/**
 * `{ origin, counts, calm(), close() }`. Of the requests, a share of `rate` meets harm, chosen by `random`, until `calm`. `isChange` tells which
 * requests change something, `conflict` what a refusal looks like of what was done; `rewrite` makes the answer's text another one.
 */
export async function startProxy({ target, rate, random, isChange, conflict, rewrite }) {
  const counts = Object.fromEntries(harms.map((harm) => [harm, 0]));
  let isCalm = false;
  const server = createServer((incoming, outgoing) => void relay(incoming, outgoing).catch(() => outgoing.destroy()));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;

  async function relay(incoming, outgoing) {
    const body = Buffer.concat(await incoming.toArray());
    const harm = !isCalm && random() < rate ? harms[Math.floor(random() * harms.length)] : undefined;
    if (harm) counts[harm]++;
    if (harm === 'cut before') return void incoming.socket.destroy();
    if (harm === 'refused') return refuse(outgoing, [500, 503, 429][Math.floor(random() * 3)]);
    const answer = await ask(incoming, body, harm === 'cut during');
    if (harm === 'cut during' || harm === 'cut after') return void incoming.socket.destroy();
    if (harm === 'done and refused' && isChange(incoming)) return refuse(outgoing, random() < 0.5 ? 503 : 409);
    const { 'content-length': _, 'transfer-encoding': __, ...headers } = answer.headers;
    outgoing.writeHead(answer.status, incoming.method === 'HEAD' ? answer.headers : headers);
    const text = rewrite ? Buffer.from(rewrite(answer.body.toString('utf8'))) : answer.body;
    if (harm !== 'slow') return void outgoing.end(text);
    for (let start = 0; start < text.length; start += Math.ceil(text.length / 4) || 1) {
      outgoing.write(text.subarray(start, start + (Math.ceil(text.length / 4) || 1)));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    outgoing.end();
  }

  /** The whole answer. `half`: the connection is cut after half of the body. */
  function ask({ method, url, headers }, body, half) {
    return new Promise((resolve, reject) => {
      const onward = forward(new URL(url, target), { method, headers }, (answer) => {
        answer.toArray().then((parts) => {
          resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) });
        }, reject);
      });
      onward.on('error', reject);
      if (!half) return void onward.end(body);
      onward.write(body.subarray(0, body.length >> 1), () => {
        onward.destroy();
        reject(new Error('cut'));
      });
    });
  }

  function refuse(outgoing, status) {
    const wait = status === 429 || status === 503 ? { 'retry-after': '0' } : {};
    outgoing.writeHead(status, { 'content-type': 'application/json', ...wait });
    outgoing.end(status === 409 ? conflict : '{"error":{"code":503,"type":"Harm","message":"out of order"}}');
  }

  return {
    origin,
    counts,
    calm() {
      isCalm = true;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
