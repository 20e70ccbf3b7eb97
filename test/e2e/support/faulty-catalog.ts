/** A statement service over the embedded stack, with a proxy in front of the catalog that can be told to fail. */
import { readdir, stat } from 'node:fs/promises';
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { batchToRows } from '../../../src/arrow/index.js';
import { BearerToken, type Principal } from '../../../src/auth/principal.js';
import { loadConfig } from '../../../src/config/index.js';
import { type EmbeddedStack, type EmbeddedStackOptions, startEmbeddedStack } from '../../../src/embedded/index.js';
import type { Engine } from '../../../src/engine/contract.js';
import { parseJson, writeJson } from '../../../src/json.js';
import { createLogger } from '../../../src/logging.js';
import type { Call, StatementService } from '../../../src/query/contract.js';
import type { QueryEnvironment } from '../../../src/query/environment.js';
import { createStatementService } from '../../../src/query/index.js';
import { openEnvironment } from '../../../src/server/environment.js';
import { createSessionStore } from '../../../src/session/index.js';
import type { RangeCache } from '../../../src/storage/index.js';

interface Refusal {
  status: number;
  type: string;
  message?: string;
  applied?: boolean;
  /** The header `Retry-After`. */
  retryAfter?: string;
}

/**
 * An answer in place of the catalog's own or made of it, also after it has done its work (`applied`), as a gateway gives it that sends a request
 * twice and passes on the answer to the second. Or a connection that breaks before or after the catalog has done its work.
 */
export type Fault =
  | Refusal
  | { rewrite: (answer: Record<string, unknown>) => unknown }
  | 'lost request'
  | 'lost answer';

export interface FaultyCatalog {
  stack: EmbeddedStack;
  statements: StatementService;
  environment: QueryEnvironment;
  engine: Engine;
  rangeCache: RangeCache;
  /** What the next requests meet, by method, path and body; undefined lets one pass. */
  fault: (what: {
    method: string;
    /** Without its query. */
    path: string;
    body: string;
    key: string | undefined;
  }) => Fault | undefined | Promise<Fault | undefined>;
  /** Warnings in the log, and what is worse. */
  warnings: Record<string, unknown>[];
  /** A call in the session of its own; `end` is what the server does when the call is over. */
  call(): Call & { end(): void };
  update(sql: string, transaction?: string): Promise<number>;
  /** The same by another server, straight to the catalog. */
  rival(sql: string): Promise<number>;
  /** Sends a request that the proxy held back to the catalog. */
  send(what: { method: string; path: string; body: string }): Promise<unknown>;
  /** With an id it is carried out once, as the ticket of a statement is. */
  rows(sql: string, executionId?: string): Promise<unknown[][]>;
  /** Data files, manifests and manifest lists in the warehouse. */
  files(): Promise<string[]>;
  /** Files in the session's folder that statements wrote. */
  written(): Promise<string[]>;
  /** Those, and links of what statements read: without the engine's own. */
  staged(): Promise<string[]>;
  /** A view with a text by dialect; a single one is in the dialect `skua`. */
  createView(schema: string, name: string, sql: string | Record<string, string>): Promise<void>;
  endSession(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * `settings` are more of the configuration file, `ofCatalog` more of the catalog's table in it, `ofStack` more of what the catalog itself is told.
 * Unless told so, it knows no repeated request by its key.
 */
export async function startFaultyCatalog(
  settings = '',
  ofCatalog = '',
  ofStack: EmbeddedStackOptions['catalog'] = {},
): Promise<FaultyCatalog> {
  const properties = { 'polaris.config.drop-with-purge.enabled': 'true' };
  const stack = await startEmbeddedStack({
    issuer: { lifetimeSeconds: 3600 },
    catalog: { properties, idempotencyKeyLifetime: 0, ...ofStack },
  });
  const proxy = createServer((request, response) => void relay(request, response));
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const warehouse = join(stack.folder, 'warehouse');
  const text = JSON.stringify;
  const open = (port: string | number, more = '') =>
    openEnvironment(
      loadConfig({
        env: {},
        text: `
[[auth]]
issuer = ${text(stack.issuer.issuer)}
jwks_url = ${text(stack.issuer.jwksUrl)}
audience = ${text(stack.issuer.audience)}
allow_insecure_jwks = true

[catalogs.quickstart]
uri = "http://127.0.0.1:${port}${new URL(stack.catalog.uri).pathname}"
warehouse = "quickstart"
credential_delegation = "none"
${ofCatalog}

[storage]
local_roots = [${text(warehouse)}]
${more}
`,
      }),
      createLogger(
        { level: 'warn', format: 'json' },
        { write: (line) => void catalog.warnings.push(JSON.parse(line)) },
      ),
    );
  const { environment, engine, rangeCache, scratch, close } = await open(
    (proxy.address() as AddressInfo).port,
    settings,
  );
  let other: Awaited<ReturnType<typeof open>> | undefined;
  const sessions = createSessionStore({
    idleTimeout: 3_600_000,
    perPrincipal: 4,
    total: 4,
    catalog: 'quickstart',
    schema: ['demo'],
  });
  const principal: Principal = {
    issuer: stack.issuer.issuer,
    subject: 'adminuser',
    name: 'adminuser',
    roles: [],
    expiresAt: Date.now() + 3_600_000,
    token: new BearerToken(await stack.token('adminuser')),
  };
  const statements = createStatementService(environment);
  const { session, release } = sessions.acquire(principal, undefined);
  const found = async (folder: string) => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  };

  const catalog: FaultyCatalog = {
    stack,
    statements,
    environment,
    engine,
    rangeCache,
    fault: () => undefined,
    warnings: [],
    call() {
      const endings: (() => void)[] = [];
      return {
        principal,
        session,
        signal: new AbortController().signal,
        report: {},
        onEnd: (callback) => void endings.push(callback),
        end() {
          for (const callback of endings.splice(0)) callback();
        },
      };
    },
    update: (sql, transaction) => statements.update(catalog.call(), { sql, transaction }),
    send: ({ method, path, body }) =>
      fetch(new URL(path, stack.catalog.uri), {
        method,
        body,
        headers: { authorization: principal.token.header(), 'content-type': 'application/json' },
      }),
    async rival(sql) {
      other ??= await open(new URL(stack.catalog.uri).port);
      const { session: ofOther } = sessions.acquire(principal, 'of another server');
      const call = { ...catalog.call(), session: ofOther };
      return createStatementService(other.environment).update(call, { sql });
    },
    async rows(sql, executionId) {
      const { schema, batches } = await statements.query(catalog.call(), { sql, ...(executionId && { executionId }) });
      const rows: unknown[][] = [];
      for await (const batch of batches) rows.push(...batchToRows(schema, batch));
      return rows;
    },
    files: async () => (await found(warehouse)).filter((path) => !path.endsWith('.metadata.json')).sort(),
    async written() {
      const links = await Promise.all(
        // A link may go at any moment.
        (await catalog.staged()).map(async (path) => ({
          path,
          nlink: (await stat(path).catch(() => undefined))?.nlink,
        })),
      );
      return links.filter(({ nlink }) => nlink === 1).map(({ path }) => path);
    },
    async staged() {
      const files = await found(join(scratch, 'sessions'));
      return files.filter((path) => !basename(path).startsWith('.'));
    },
    async createView(namespace, name, sql) {
      const version = {
        'version-id': 1,
        'schema-id': 0,
        'timestamp-ms': 1,
        summary: {},
        representations: Object.entries(typeof sql === 'string' ? { skua: sql } : sql).map(([dialect, text]) => ({
          type: 'sql',
          sql: text,
          dialect,
        })),
        'default-namespace': [namespace],
      };
      const schema = { type: 'struct', fields: [{ id: 1, name: 'id', required: false, type: 'int' }] };
      const answer = await fetch(`${stack.catalog.uri}/v1/quickstart/namespaces/${namespace}/views`, {
        method: 'POST',
        headers: { authorization: principal.token.header(), 'content-type': 'application/json' },
        body: JSON.stringify({ name, schema, 'view-version': version, properties: {} }),
      });
      if (!answer.ok) throw new Error(await answer.text());
    },
    async endSession() {
      release();
      await sessions.close();
    },
    async stop() {
      await sessions.close();
      await close();
      await other?.close();
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
      await stack.close();
    },
  };

  async function relay(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const path = request.url ?? '';
    const fault = await catalog.fault({
      method: request.method ?? '',
      path: path.replace(/\?.*$/, ''),
      body: body.toString(),
      key: request.headers['idempotency-key'] as string | undefined,
    });
    if (fault === 'lost request') {
      request.socket.destroy();
      return;
    }
    const refuse = ({ status: code, type, retryAfter, message = `said the catalog: ${code}` }: Refusal) => {
      const wait = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
      response.writeHead(code, { 'content-type': 'application/json', ...wait });
      response.end(JSON.stringify({ error: { code, type, message } }));
    };
    const rewrite = typeof fault === 'object' && 'rewrite' in fault ? fault.rewrite : undefined;
    if (typeof fault === 'object' && 'status' in fault && !fault.applied) {
      refuse(fault);
      return;
    }
    const target = new URL(path, stack.catalog.uri);
    const onward = forward(target, { method: request.method, headers: request.headers }, (answer) => {
      if (fault === 'lost answer') {
        answer.resume();
        answer.on('end', () => request.socket.destroy());
        return;
      }
      if (typeof fault === 'object' && 'status' in fault) {
        answer.resume();
        answer.on('end', () => refuse(fault));
        return;
      }
      const { 'content-length': _, ...headers } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, headers);
      if (rewrite) void answer.toArray().then((parts) => response.end(rewritten(Buffer.concat(parts), rewrite)));
      else answer.pipe(response);
    });
    onward.on('error', () => request.socket.destroy());
    onward.end(body);
  }

  return catalog;
}

/** What is no text is sent as JSON. */
function rewritten(answer: Buffer, rewrite: (answer: Record<string, unknown>) => unknown): string {
  const body = rewrite(parseJson(answer.toString()) as Record<string, unknown>);
  return typeof body === 'string' ? body : writeJson(body);
}
