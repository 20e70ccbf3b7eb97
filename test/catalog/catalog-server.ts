import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export type Reply = { status?: number; body?: unknown; headers?: Record<string, string> } | 'hang up' | 'say nothing';

/** A catalog that answers as a test tells it to, for the faults that a real one shows rarely. Answers have the shapes of Polaris 1.7. */
export class CatalogServer {
  readonly seen: SeenRequest[] = [];
  readonly #routes: [string, (request: SeenRequest) => Reply][] = [];
  readonly #server: Server = createServer((request, response) => this.#receive(request, response));

  static async start(config: unknown = polarisConfig): Promise<CatalogServer> {
    const server = new CatalogServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    server.on('GET /v1/config', () => ({ body: config }));
    return server;
  }

  get uri(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The latest route that a request's line begins with answers it. */
  on(line: string, reply: (request: SeenRequest) => Reply): void {
    this.#routes.unshift([line, reply]);
  }

  /** The lines of the requests, those for the configuration left out. */
  lines(): string[] {
    return this.seen.map(({ method, path }) => `${method} ${path}`).filter((line) => !line.includes('/v1/config'));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += chunk;
    const seen = { method: request.method as string, path: request.url as string, headers: request.headers, body };
    this.seen.push(seen);
    const route = this.#routes.find(([line]) => `${seen.method} ${seen.path}`.startsWith(line));
    const reply: Reply = route ? route[1](seen) : { status: 404, body: errorBody(404, 'no such route') };
    if (reply === 'say nothing') return;
    if (reply === 'hang up') {
      request.socket.destroy();
      return;
    }
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
    response.end(typeof reply.body === 'string' || reply.body === undefined ? reply.body : JSON.stringify(reply.body));
  }
}

export const polarisConfig = {
  defaults: { 'default-base-location': 's3://warehouse/' },
  overrides: { 'namespace-separator': '%1F', prefix: 'quickstart' },
};

export function errorBody(code: number, message: string, type = 'SomeException') {
  return { error: { message, type, code } };
}

/** As text, for the snapshot id is wider than a double. */
export function tableBody(extra = ''): string {
  return `{"metadata-location":"s3://warehouse/demo/events/metadata/1.json","metadata":{"format-version":2,
    "location":"s3://warehouse/demo/events","current-snapshot-id":7442684603476777430,
    "snapshots":[{"snapshot-id":7442684603476777430}]},
    "config":{"client.region":"us-east-1","s3.path-style-access":"true","s3.endpoint":"http://127.0.0.1:19000"}${extra}}`;
}
