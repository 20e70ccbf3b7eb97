import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpRequest {
  method: string;
  /** Without the query, still percent-encoded. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** At most 64 MiB. */
  text(): Promise<string>;
}

export interface HttpAnswer {
  status: number;
  headers?: Record<string, string> | undefined;
  body?: string | Uint8Array | undefined;
}

export interface HttpServer {
  /** `http://127.0.0.1:<port>` */
  url: string;
  port: number;
  close(): Promise<void>;
}

export interface ListenOptions {
  /** Default 127.0.0.1. */
  host?: string | undefined;
  /** Default 0: any free port. */
  port?: number | undefined;
}

const LARGEST_BODY = 64 * 1024 * 1024;

/** A body that is larger than the server takes. */
export class BodyTooLarge extends Error {}

/** Starts an HTTP server that gives every request to one function. What that function throws is answered with 500. */
export async function listen(
  answer: (request: HttpRequest) => Promise<HttpAnswer>,
  options: ListenOptions = {},
): Promise<HttpServer> {
  const host = options.host ?? '127.0.0.1';
  const server = createServer((message, response) => {
    void handle(message, response, answer);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    close: () =>
      new Promise<void>((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

async function handle(
  message: IncomingMessage,
  response: ServerResponse,
  answer: (request: HttpRequest) => Promise<HttpAnswer>,
): Promise<void> {
  const target = message.url ?? '/';
  const mark = target.indexOf('?');
  const given: HttpAnswer = await answer({
    method: message.method ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers: message.headers,
    text: () => readBody(message),
  }).catch((error: unknown) =>
    error instanceof BodyTooLarge ? { status: 413 } : { status: 500, body: 'Internal Server Error' },
  );
  response.writeHead(given.status, given.headers);
  response.end(given.body);
  message.resume();
}

async function readBody(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of message as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > LARGEST_BODY) throw new BodyTooLarge();
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
