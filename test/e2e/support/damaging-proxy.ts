/** A proxy in front of an S3 store, or of another server, that damages answers on their way or refuses requests. */
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An answer to a GET, to be passed on as it is or changed. */
export interface StoreAnswer {
  /** `/bucket/key`. */
  path: string;
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface StoreRequest {
  method: string;
  /** `/bucket/key`. */
  path: string;
  /** With its `?`, or empty. */
  query: string;
  headers: IncomingHttpHeaders;
}

export interface DamagingProxy {
  endpoint: string;
  /** What is answered in the place of the server; nothing by default. */
  refuse: ((request: StoreRequest) => { status: number; body: string } | undefined) | undefined;
  /** What becomes of answers to GET; none by default. */
  damage: ((answer: StoreAnswer) => StoreAnswer) | undefined;
  /** Paths of answers that were changed. */
  readonly damaged: string[];
  close(): Promise<void>;
}

export async function startDamagingProxy(store: string): Promise<DamagingProxy> {
  const { hostname, port } = new URL(store);
  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '/', headers } = incoming;
    const { pathname, search: query } = new URL(url, store);
    const path = decodeURIComponent(pathname);
    const refusal = proxy.refuse?.({ method, path, query, headers });
    if (refusal) {
      incoming.resume();
      outgoing.writeHead(refusal.status).end(refusal.body);
      return;
    }
    // The signature holds the host that the client asked.
    const forwarded = request({ hostname, port, method, path: url, headers }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () => {
        const whole = { path, status: answer.statusCode ?? 500, headers: answer.headers, body: Buffer.concat(pieces) };
        const isRead = method === 'GET' && whole.status < 300;
        const passed = isRead && proxy.damage ? proxy.damage(whole) : whole;
        if (passed !== whole) proxy.damaged.push(path);
        outgoing.writeHead(passed.status, passed.headers);
        outgoing.end(method === 'HEAD' ? undefined : passed.body);
      });
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: DamagingProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refuse: undefined,
    damage: undefined,
    damaged: [],
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

/** How S3 refuses a request. */
export function refusedAs(code: string): { status: number; body: string } {
  return { status: 403, body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>` };
}

/** Flips one bit: of the byte at that part (0 to 1) of the body. */
export function flipped(answer: StoreAnswer, part: number): StoreAnswer {
  const body = Buffer.from(answer.body);
  const at = Math.min(body.length - 1, Math.floor(part * body.length));
  body[at] = (body[at] as number) ^ (1 << (at % 8));
  return { ...answer, body };
}
