import type { BearerToken } from '../auth/index.js';
import { SkuaError } from '../errors.js';
import type { Endpoints } from '../storage/index.js';
import { configuredAccess, type Delegation, type StaticStorage } from './access.js';
import { createCommitter } from './commits.js';
import { type CatalogConfig, createConfigSource } from './config.js';
import type {
  Catalog,
  CatalogSession,
  CreateTableRequest,
  LoadedView,
  Namespace,
  TableIdentifier,
} from './contract.js';
import { withCheckedNames } from './names.js';
import { tablePath } from './paths.js';
import { createReporter } from './reports.js';
import { RequestKey } from './request-key.js';
import { createTableLoader, type TableAnswer } from './table-loader.js';
import { type CatalogExchange, type CatalogRequest, createTransport, ExchangeFailure } from './transport.js';

export interface RestCatalogConfig {
  /** The name in SQL and in messages. */
  name: string;
  /** Of the REST API, without `/v1`. */
  uri: string;
  warehouse?: string | undefined;
  delegation: Delegation;
  /** Default: nothing is configured. */
  storage?: StaticStorage | undefined;
  /** For an answer to begin and between its parts, in milliseconds; a connection has a sixth of it. Default 30,000. */
  timeout?: number | undefined;
  /** Default 64. */
  maxConnections?: number | undefined;
  /** For answers with table metadata, which need not be parsed again where they stay the same. Default 64 MiB. */
  metadataCacheBytes?: number | undefined;
  /** The catalog's ETag stands for the caller's rights and restrictions too, and not for the table's metadata alone. Default false. */
  conditionalLoads?: boolean | undefined;
  /** Where the catalog may send requests with a caller's token besides to itself. Default: nowhere. */
  endpoints?: Endpoints | undefined;
  /** Told of every request to the catalog. */
  onRequest?: ((request: CatalogExchange) => void) | undefined;
  /** Headers that every request has besides its own, such as the trace that it is part of. */
  headers?: (() => Record<string, string>) | undefined;
  /** Scans and commits are reported where the catalog takes reports. Default true. */
  reportMetrics?: boolean | undefined;
  /** Who plans scans of tables whose catalog leaves that open. Default `client`. */
  scanPlanning?: 'client' | 'server' | undefined;
}

export interface RestCatalog extends Catalog {
  close(): Promise<void>;
}

/** An Iceberg REST catalog, such as Apache Polaris. Holds connections and answers, no credentials of its own. */
export function createRestCatalog(options: RestCatalogConfig): RestCatalog {
  const timeout = options.timeout ?? 30_000;
  const transport = createTransport({
    name: options.name,
    uri: options.uri,
    connectTimeout: timeout / 6,
    requestTimeout: timeout,
    maxConnections: options.maxConnections ?? 64,
    onRequest: options.onRequest,
    headers: options.headers,
  });
  const configOf = createConfigSource(transport, options.warehouse);
  const tables = createTableLoader(transport, {
    name: options.name,
    uri: options.uri,
    endpoints: options.endpoints,
    delegation: options.delegation,
    storage: options.storage ?? {},
    metadataCacheBytes: options.metadataCacheBytes ?? 64 * 1024 * 1024,
    planAtServer: options.scanPlanning === 'server',
    conditionalLoads: options.conditionalLoads ?? false,
  });
  const reporter = options.reportMetrics === false ? undefined : createReporter(transport, configOf);
  const committer = createCommitter(options.name, transport, tables);

  function as(token: BearerToken): CatalogSession {
    /** Gives every failure its `SkuaError`. */
    async function within<T>(work: (config: CatalogConfig) => Promise<T>): Promise<T> {
      try {
        return await work(await configOf(token));
      } catch (failure) {
        throw failure instanceof ExchangeFailure ? failure.error : failure;
      }
    }

    const send = async (request: CatalogRequest) => (await transport.exchange(token, request)).body;

    /** Sends what changes something; again where the catalog knows it then for the same request. */
    const change = (config: CatalogConfig, request: CatalogRequest) => {
      const headers = new RequestKey().headers(config.keyLifetime);
      return send({ ...request, headers, isRepeatable: config.keyLifetime !== undefined });
    };

    /** All pages of a listing. */
    async function listAll<T>(path: string, member: string): Promise<T[]> {
      const items: T[] = [];
      let pageToken = '';
      do {
        const separator = path.includes('?') ? '&' : '?';
        const query = `${separator}pageToken=${encodeURIComponent(pageToken)}`;
        const page = (await send({ method: 'GET', path: path + query })) as Record<string, unknown>;
        items.push(...((page[member] as T[] | undefined) ?? []));
        pageToken = (page['next-page-token'] as string | null | undefined) ?? '';
      } while (pageToken !== '');
      return items;
    }

    const namespacePath = (config: CatalogConfig, namespace: Namespace) =>
      `${config.root}/namespaces/${config.encode(namespace)}`;
    const viewPath = (config: CatalogConfig, { namespace, name }: TableIdentifier) =>
      `${namespacePath(config, namespace)}/views/${encodeURIComponent(name)}`;

    function requireViews(config: CatalogConfig): void {
      if (config.supports(VIEWS) === false) throw noViews();
    }

    const noViews = () => new SkuaError('UNIMPLEMENTED', `The catalog '${options.name}' has no views.`);

    /** Reads something of views. A catalog that has none, and doesn't list its routes, says so in its own way: UNIMPLEMENTED. */
    async function readingViews<T>(config: CatalogConfig, work: () => Promise<T>): Promise<T> {
      requireViews(config);
      try {
        return await work();
      } catch (failure) {
        if (failure instanceof ExchangeFailure && saysNoViews(failure, config.supports(VIEWS))) throw noViews();
        throw failure;
      }
    }

    return withCheckedNames({
      catalog: options.name,

      listNamespaces: (parent) =>
        within((config) => {
          const query = parent && parent.length > 0 ? `?parent=${config.encode(parent)}` : '';
          return listAll<Namespace>(`${config.root}/namespaces${query}`, 'namespaces');
        }),

      loadNamespace: (namespace) =>
        within(async (config) => {
          const body = await send({ method: 'GET', path: namespacePath(config, namespace) });
          return (body as { properties?: Record<string, string> | null }).properties ?? {};
        }),

      createNamespace: (namespace, properties = {}) =>
        within(async (config) => {
          config.encode(namespace);
          const body = { namespace: [...namespace], properties };
          await change(config, { method: 'POST', path: `${config.root}/namespaces`, body, answer: 'none' });
        }),

      dropNamespace: (namespace) =>
        within(async (config) => {
          await change(config, {
            method: 'DELETE',
            path: namespacePath(config, namespace),
            answer: 'none',
            conflict: 'not-empty',
          });
        }),

      updateNamespace: (namespace, { updates = {}, removals = [] }) =>
        within(async (config) => {
          const path = `${namespacePath(config, namespace)}/properties`;
          const body = { updates, removals };
          await change(config, { method: 'POST', path, body, answer: 'none', conflict: 'commit' });
        }),

      listTables: (namespace) =>
        within((config) => listAll<TableIdentifier>(`${namespacePath(config, namespace)}/tables`, 'identifiers')),

      listViews: (namespace) =>
        within(async (config) => {
          const path = `${namespacePath(config, namespace)}/views`;
          try {
            return await readingViews(config, () => listAll<TableIdentifier>(path, 'identifiers'));
          } catch (error) {
            if (error instanceof SkuaError && error.code === 'UNIMPLEMENTED') return [];
            if (error instanceof ExchangeFailure && isUnknownRoute(error, config.supports(VIEWS))) return [];
            throw error;
          }
        }),

      loadTable: (identifier, options) => within((config) => tables.load(token, config, identifier, options)),

      createTable: (namespace, request) =>
        within(async (config) => {
          const path = `${namespacePath(config, namespace)}/tables`;
          const answer = await change(config, { method: 'POST', path, body: createBody(request) });
          return tables.adopt(token, config, { namespace, name: request.name }, answer as TableAnswer);
        }),

      stageTable: (namespace, request) =>
        within(async (config) => {
          const path = `${namespacePath(config, namespace)}/tables`;
          const bodyAt = (location = request.location) => ({
            ...createBody({ ...request, location }),
            'stage-create': true,
          });
          const identifier = { namespace, name: request.name };
          try {
            return await tables.stage(token, config, identifier, (headers, location) => {
              return { method: 'POST', path, headers, body: bodyAt(location) };
            });
          } catch (failure) {
            throw isStagingRefused(failure) ? noStaging(options.name, failure.error) : failure;
          }
        }),

      registerTable: (namespace, { name, metadataLocation }) =>
        within(async (config) => {
          const path = `${namespacePath(config, namespace)}/register`;
          const answer = await send({ method: 'POST', path, body: { name, 'metadata-location': metadataLocation } });
          return tables.adopt(token, config, { namespace, name }, answer as TableAnswer);
        }),

      dropTable: (identifier, { purge }) =>
        within(async (config) => {
          const path = `${tablePath(config, identifier)}?purgeRequested=${purge}`;
          await change(config, { method: 'DELETE', path, answer: 'none' });
        }),

      renameTable: (source, destination) =>
        within(async (config) => {
          const path = `${config.root}/tables/rename`;
          await change(config, { method: 'POST', path, body: { source, destination }, answer: 'none' });
        }),

      commitTable: (identifier, commit, sending) =>
        within((config) => committer.commitTable(token, config, { identifier, commit }, sending)),

      commitTransaction: (commits, sending) =>
        within((config) => committer.commitTransaction(token, config, commits, sending)),

      report: (identifier, report) => reporter?.send(token, identifier, report),

      probeTable: (identifier, commit) =>
        within((config) => committer.probeTable(token, config, { identifier, commit })),

      loadView: (identifier) =>
        within(async (config) => {
          const request: CatalogRequest = { method: 'GET', path: viewPath(config, identifier) };
          return toView(identifier, await readingViews(config, () => send(request)));
        }),

      createView: (namespace, request) =>
        within(async (config) => {
          requireViews(config);
          const path = `${namespacePath(config, namespace)}/views`;
          const { name } = request as { name: string };
          return toView({ namespace, name }, await send({ method: 'POST', path, body: request }));
        }),

      commitView: (identifier, { requirements, updates }) =>
        within(async (config) => {
          requireViews(config);
          const { namespace, name } = identifier;
          const body = { identifier: { namespace: [...namespace], name }, requirements, updates };
          return toView(
            identifier,
            await change(config, { method: 'POST', path: viewPath(config, identifier), body, conflict: 'commit' }),
          );
        }),

      renameView: (source, destination) =>
        within(async (config) => {
          requireViews(config);
          const path = `${config.root}/views/rename`;
          await change(config, { method: 'POST', path, body: { source, destination }, answer: 'none' });
        }),

      dropView: (identifier) =>
        within(async (config) => {
          requireViews(config);
          await change(config, { method: 'DELETE', path: viewPath(config, identifier), answer: 'none' });
        }),
    });
  }

  return {
    name: options.name,
    as,
    configuredAccess: () => configuredAccess(options.delegation, options.storage ?? {}),
    async close() {
      await reporter?.close();
      await transport.close();
    },
  };
}

/** A catalog that knows no staged creation says so in words of its own. */
function isStagingRefused(failure: unknown): failure is ExchangeFailure {
  if (!(failure instanceof ExchangeFailure)) return false;
  const { status, error } = failure;
  return status === 406 || status === 501 || (status === 400 && /stag(e|ing)/i.test(error.message));
}

function noStaging(catalog: string, { message }: SkuaError): SkuaError {
  return new SkuaError('UNIMPLEMENTED', `The catalog '${catalog}' can't stage the creation of a table: ${message}`);
}

/** CreateTableRequest of the specification. */
function createBody(request: CreateTableRequest): Record<string, unknown> {
  const { name, schema, location, partitionSpec, writeOrder, properties } = request;
  return {
    name,
    schema,
    ...(location !== undefined && { location }),
    ...(partitionSpec !== undefined && { 'partition-spec': partitionSpec }),
    ...(writeOrder !== undefined && { 'write-order': writeOrder }),
    ...(properties !== undefined && { properties }),
  };
}

const VIEWS = 'GET /v1/{prefix}/namespaces/{namespace}/views';

/** Whether a catalog means by a failure that it knows no views; `listed` says whether it lists their routes. */
function saysNoViews({ status }: ExchangeFailure, listed: boolean | undefined): boolean {
  if (status === 405 || status === 406 || status === 501) return true;
  return listed === undefined && status === 400;
}

/** Whether it is the route, and not the namespace, that the catalog did not find. */
function isUnknownRoute({ status, type }: ExchangeFailure, listed: boolean | undefined): boolean {
  return listed === undefined && status === 404 && type !== 'NoSuchNamespaceException';
}

function toView(identifier: TableIdentifier, body: unknown): LoadedView {
  const answer = body as { 'metadata-location'?: string; metadata: unknown };
  return { identifier, metadataLocation: answer['metadata-location'], metadata: answer.metadata };
}
