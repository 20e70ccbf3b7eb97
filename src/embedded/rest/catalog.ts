import { join } from 'node:path';
import { messageOf, SkuaError } from '../../errors.js';
import { parseJsonAsWritten, writeJson } from '../../json.js';
import { RequestLog } from '../http/request-log.js';
import { Router } from '../http/router.js';
import { BodyTooLarge, type HttpAnswer, type HttpRequest, listen } from '../http/server.js';
import { badRequest, noSuchNamespace, notFound, RestError, unreadable } from '../request/error.js';
import { asObject } from '../request/fields.js';
import type { Warehouse } from '../warehouse/contract.js';
import { localWarehouse } from '../warehouse/local.js';
import { type S3WarehouseSettings, s3Warehouse } from '../warehouse/s3.js';
import { authenticator, type Identity, type TrustedIssuer } from './authentication.js';
import { Caller } from './caller.js';
import type { Answer, CatalogContext, Handler } from './context.js';
import { FileAddresses } from './file-addresses.js';
import { IdempotentAnswers } from './idempotency.js';
import { newNamespaceLocation } from './locations.js';
import { MetadataFiles } from './metadata-files.js';
import { type PlanningOptions, ScanPlans } from './plans.js';
import type { Policy } from './policies.js';
import { DEFAULT_GRANTS, type Grants } from './privileges.js';
import { ReportLog } from './report-log.js';
import { routes, SIGN } from './routes.js';
import { CatalogStore } from './store.js';

const BASE_PATH = '/api/catalog';

export interface CatalogOptions {
  /** Whose tokens are believed. */
  issuer: TrustedIssuer;
  warehouse: { kind: 'local'; folder: string } | ({ kind: 's3' } & S3WarehouseSettings);
  /** Where namespaces, tables, views, grants and policies are kept. Default: only in memory. */
  folder?: string;
  /** Default `quickstart`. */
  name?: string;
  /** Properties of the catalog, such as `polaris.config.drop-with-purge.enabled`. Default: none. */
  properties?: Record<string, string>;
  /** Made when they aren't there yet. Default: `demo`. */
  namespaces?: readonly (readonly string[])[];
  /** Privileges by role. Default: those that the folder holds, else catalog_admin and data_writer write, table_reader and analyst read. */
  grants?: Grants;
  /** Row filters and column masks by table and role. Default: those that the folder holds, else none. */
  policies?: readonly Policy[];
  /** How scans are planned for clients. Default: at once, with the files' locations. */
  planning?: PlanningOptions;
  /** Clients must have scans planned (`scan-planning-mode`). Default false. */
  demandsPlanning?: boolean;
  /** Requests to a store are signed for clients that ask for that and get no credentials. Polaris can't do that. Default false. */
  remoteSigning?: boolean;
  /** For how many seconds a change is known again by its `Idempotency-Key`; 0: no keys are offered. Default 1800. */
  idempotencyKeyLifetime?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
}

/** An Iceberg REST catalog that answers as Apache Polaris does. */
export interface EmbeddedCatalog {
  /** `http://127.0.0.1:<port>/api/catalog` */
  uri: string;
  name: string;
  port: number;
  /** The root of its tables: `file:///…` or `s3://…`. */
  warehouseLocation: string;
  readonly requests: RequestLog;
  readonly reports: ReportLog;
  /** As they hold since the start. */
  readonly policies: readonly Policy[];
  close(): Promise<void>;
}

/** Starts a catalog. What its folder holds outlives a restart; metadata files lie in the warehouse. */
export async function startCatalog(options: CatalogOptions): Promise<EmbeddedCatalog> {
  const name = options.name ?? 'quickstart';
  const s3 = options.warehouse.kind === 's3' ? s3Warehouse(options.warehouse) : undefined;
  const warehouse: Warehouse =
    options.warehouse.kind === 'local' ? await localWarehouse(options.warehouse.folder) : (s3 as Warehouse);
  const file = options.folder === undefined ? undefined : join(options.folder, 'catalog.json');
  const store = await CatalogStore.open(file, options, { grants: DEFAULT_GRANTS, policies: [] });
  await store.change(async (state) => {
    for (const namespace of options.namespaces ?? [['demo']]) {
      if (state.namespace(namespace) !== undefined) continue;
      const location = newNamespaceLocation(state, warehouse, namespace, undefined);
      state.putNamespace({ namespace, properties: { location } });
    }
  });
  const { properties = {}, idempotencyKeyLifetime = 1800 } = options;
  const files = new MetadataFiles(warehouse);
  const reports = new ReportLog();
  const plans = new ScanPlans(options.planning ?? {});
  const addresses = new FileAddresses(warehouse);
  const context: CatalogContext = {
    name,
    properties,
    store,
    warehouse,
    files,
    reports,
    plans,
    addresses,
    demandsPlanning: options.demandsPlanning ?? false,
    remoteSigning: (options.remoteSigning ?? false) && warehouse.signing !== undefined,
    idempotencyKeyLifetime,
  };
  const answers = new IdempotentAnswers(1000 * idempotencyKeyLifetime);

  const requests = new RequestLog();
  const identify = authenticator(options.issuer);
  const router = new Router(routes);
  const server = await listen(
    async (request) => {
      const file = await addresses.answer(request);
      if (file) return file;
      const search = request.query.toString();
      requests.add({ method: request.method, path: search === '' ? request.path : `${request.path}?${search}` });
      try {
        const identity = await identify(request.headers.authorization);
        if (identity === undefined) return { status: 401, headers: { 'www-authenticate': 'Bearer' } };
        return written(await route(request, identity, { context, router, answers }));
      } catch (error) {
        return refused(error);
      }
    },
    { host: options.host, port: options.port },
  );
  return {
    uri: `${server.url}${BASE_PATH}`,
    name,
    port: server.port,
    warehouseLocation: warehouse.root,
    requests,
    reports,
    policies: store.state.policies,
    async close() {
      await server.close();
      s3?.close();
    },
  };
}

interface Serving {
  context: CatalogContext;
  router: Router<Handler>;
  answers: IdempotentAnswers;
}

async function route(request: HttpRequest, identity: Identity, { context, router, answers }: Serving): Promise<Answer> {
  const path = request.path.startsWith(`${BASE_PATH}/`) ? request.path.slice(BASE_PATH.length) : '';
  const match = router.match(request.method, path);
  if (match.kind === 'no-such-path') throw notFound('Unable to find matching target resource method');
  if (match.kind === 'no-such-method') {
    throw new RestError(405, 'NotAllowedException', 'HTTP 405 Method Not Allowed');
  }
  const { parameters, handler, pattern } = match;
  if (parameters.prefix === undefined) checkWarehouse(request.query.get('warehouse'), context.name);
  else if (parameters.prefix !== context.name) throw noSuchNamespace([]);
  let text: Promise<string> | undefined;
  const readText = () => {
    text ??= request.text();
    return text;
  };
  const work = () =>
    handler(context, {
      caller: new Caller(identity.name, identity.roles, context.store.grants),
      parameters,
      query: request.query,
      headers: request.headers,
      body: async () => asObject(readJson(await readText()), 'request'),
    });
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string' || context.idempotencyKeyLifetime === 0 || !takesKeys(pattern)) return work();
  const line = `${request.method} ${request.path}?${request.query}`;
  return answers.once({ key, caller: identity.name, line, body: await readText() }, work);
}

/** All that change something but the creation of views, as the specification has it. */
function takesKeys(pattern: string): boolean {
  return !pattern.startsWith('GET') && !pattern.startsWith('HEAD') && !WITHOUT_KEYS.includes(pattern);
}

const WITHOUT_KEYS = [
  'POST /v1/{prefix}/namespaces/{namespace}/views',
  'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics',
  SIGN,
];

function checkWarehouse(warehouse: string | null, name: string): void {
  if (warehouse === null || warehouse === '') throw badRequest('Please specify a warehouse');
  if (warehouse !== name) throw notFound(`Unable to find warehouse ${warehouse}`);
}

function readJson(text: string): unknown {
  try {
    return parseJsonAsWritten(text);
  } catch {
    throw unreadable();
  }
}

function written(answer: Answer): HttpAnswer {
  if (answer.body === undefined) return { status: answer.status, headers: answer.headers };
  return {
    status: answer.status,
    headers: { 'content-type': 'application/json;charset=UTF-8', ...answer.headers },
    body: writeJson(answer.body),
  };
}

function refused(error: unknown): HttpAnswer {
  if (error instanceof BodyTooLarge) throw error;
  const refusal = toRestError(error);
  return {
    status: refusal.status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ error: { message: refusal.message, type: refusal.type, code: refusal.status } }),
  };
}

function toRestError(error: unknown): RestError {
  if (error instanceof RestError) return error;
  if (error instanceof URIError) return unreadable();
  if (error instanceof SkuaError && error.code === 'UNAVAILABLE') {
    return new RestError(503, 'ServiceUnavailableException', error.message);
  }
  return new RestError(500, 'RuntimeException', messageOf(error));
}
