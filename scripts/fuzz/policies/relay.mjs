/** Stands before a catalog and says of tables, to one of its users, what may be seen of them. */
import { createServer, request as forward } from 'node:http';

/** Tables as their catalog answers with them: the answer to a load, and that to a creation. */
const TABLE = /\/namespaces\/[^/]+\/tables\/([^/?]+)(?:\?|$)/;

export class Relay {
  /** JSON text by table, for the user. */
  restrictions = new Map();
  /** Whether the catalog demands of the user to plan the scans of these tables. */
  planned = false;

  /** `uri`: of the catalog. */
  static async start(uri, user) {
    const relay = new Relay();
    relay.origin = new URL(uri).origin;
    relay.user = user;
    relay.server = createServer((request, response) => void relay.#pass(request, response));
    await new Promise((resolve) => relay.server.listen(0, '127.0.0.1', resolve));
    relay.uri = uri.replace(relay.origin, `http://127.0.0.1:${relay.server.address().port}`);
    return relay;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #pass(request, response) {
    const path = request.url ?? '';
    const options = { method: request.method, headers: request.headers };
    const onward = forward(new URL(path, this.origin), options, async (answer) => {
      const json =
        answer.statusCode === 200 && request.method === 'GET' ? this.#restrictionsOf(path, request) : undefined;
      const { 'content-length': _, ...headers } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, headers);
      if (json === undefined) {
        answer.pipe(response);
        return;
      }
      const text = Buffer.concat(await answer.toArray()).toString();
      const mode = this.planned
        ? text.replace(
            /"config":\{(?=(.))/,
            (all, next) => `${all}"scan-planning-mode":"server"${next === '}' ? '' : ','}`,
          )
        : text;
      response.end(`{"read-restrictions":${json},${mode.slice(1)}`);
    });
    onward.on('error', () => request.socket.destroy());
    request.pipe(onward);
  }

  #restrictionsOf(path, { headers }) {
    const [, table] = TABLE.exec(path) ?? [];
    if (table === undefined) return undefined;
    const [, claims = ''] = (headers.authorization ?? '').split('.');
    const { preferred_username: name } = JSON.parse(Buffer.from(claims, 'base64url').toString() || '{}');
    return name === this.user ? this.restrictions.get(decodeURIComponent(table)) : undefined;
  }
}
