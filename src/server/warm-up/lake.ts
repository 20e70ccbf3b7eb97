/** A catalog and a store of one table, in the memory of this process and on its loopback interface: as little as a few statements ask of them. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { parseJson, writeJson } from '../../json.js';
import type { StorageAccess } from '../../storage/index.js';

/** Where the table `t` is. */
export const TABLE = { catalog: 'warm', schema: ['up'] };

export interface Lake {
  /** Of the catalog's REST API, without `/v1`. */
  uri: string;
  /** Keys that nobody checks, and where the store is. */
  access: StorageAccess;
  /** Keeps an object of the store. */
  put(location: string, bytes: Uint8Array): void;
  close(): Promise<void>;
}

export async function openLake(): Promise<Lake> {
  const objects = new Map<string, Uint8Array>();
  // No cache may mix it up with another one's.
  const table = emptyTable(`s3://warm/${randomUUID()}`);
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const path = decodeURIComponent(pathname);
    if (path.startsWith('/store/')) return sendObject(request, response, objects.get(path.slice('/store/'.length)));
    return void answer(request, table, path).then(
      ({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(body && writeJson(body));
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const properties = {
    's3.endpoint': `${base}/store`,
    's3.region': 'local',
    's3.path-style-access': 'true',
    's3.access-key-id': 'nobody',
    's3.secret-access-key': 'nothing',
  };
  return {
    uri: `${base}/catalog`,
    access: { properties, credentials: [] },
    put: (location, bytes) => void objects.set(location.replace('s3://', ''), bytes),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Iceberg spec, "Table Metadata", as far as appends change it. */
interface Metadata extends Record<string, unknown> {
  location: string;
  snapshots: { 'snapshot-id': unknown; 'sequence-number': unknown }[];
}

function emptyTable(location: string): Metadata {
  const types = ['long', 'string', 'double', 'date', 'timestamp', 'decimal(12, 2)', 'boolean'];
  const fields = types.map((type, index) => ({ id: index + 1, name: `c${index + 1}`, required: false, type }));
  return {
    'format-version': 2,
    'table-uuid': '00000000-0000-4000-8000-000000000000',
    location,
    'last-sequence-number': 0,
    'last-updated-ms': 0,
    'last-column-id': fields.length,
    schemas: [{ type: 'struct', 'schema-id': 0, fields }],
    'current-schema-id': 0,
    'partition-specs': [{ 'spec-id': 0, fields: [] }],
    'default-spec-id': 0,
    'last-partition-id': 999,
    'sort-orders': [{ 'order-id': 0, fields: [] }],
    'default-sort-order-id': 0,
    properties: {},
    snapshots: [],
  };
}

/** The routes of the Iceberg REST specification that reads and appends take. */
async function answer(
  request: IncomingMessage,
  table: Metadata,
  path: string,
): Promise<{ status: number; body?: unknown }> {
  if (path === '/catalog/v1/config') return { status: 200, body: { defaults: {}, overrides: {} } };
  if (path !== `/catalog/v1/namespaces/${TABLE.schema}/tables/t`)
    return { status: 404, body: { error: { code: 404, type: 'NoSuchTableException' } } };
  if (request.method === 'POST') commit(table, parseJson(await text(request)) as Commit);
  const version = `${table.location}/metadata/${table.snapshots.length}.metadata.json`;
  return { status: 200, body: { 'metadata-location': version, metadata: table, config: {} } };
}

interface Commit {
  updates: { action: string; snapshot?: Metadata['snapshots'][number] }[];
}

function commit(table: Metadata, { updates }: Commit): void {
  for (const { action, snapshot } of updates) {
    if (action !== 'add-snapshot' || !snapshot) continue;
    const id = snapshot['snapshot-id'];
    table.snapshots.push(snapshot);
    table['last-sequence-number'] = snapshot['sequence-number'];
    table['current-snapshot-id'] = id;
    table.refs = { main: { 'snapshot-id': id, type: 'branch' } };
  }
}

/** GET with or without a range, and HEAD, of the S3 API. */
function sendObject({ method, headers }: IncomingMessage, response: ServerResponse, object?: Uint8Array): void {
  if (!object) return void response.writeHead(404).end();
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
  const from = Number(first ?? 0);
  const end = last ? Math.min(Number(last) + 1, object.length) : object.length;
  const part = object.subarray(from, end);
  response.writeHead(first === undefined ? 200 : 206, {
    'content-length': part.length,
    etag: '"0"',
    ...(first !== undefined && { 'content-range': `bytes ${from}-${end - 1}/${object.length}` }),
  });
  response.end(method === 'HEAD' ? undefined : part);
}
