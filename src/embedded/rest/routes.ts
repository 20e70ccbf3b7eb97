import type { Route } from '../http/router.js';
import { commitTable, commitTransaction } from './commits.js';
import { type Handler, ok } from './context.js';
import { createTable } from './create-table.js';
import * as namespaces from './namespaces.js';
import * as plans from './scan-plans.js';
import { signRequest } from './signing.js';
import * as tables from './tables.js';
import * as views from './views.js';

/** Served, and not said, as Polaris does. */
const CREDENTIALS = 'GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials';

/** Said where it is served. */
export const SIGN = 'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/sign';

const ROUTES: Record<string, Handler> = {
  'GET /v1/{prefix}/namespaces': namespaces.listNamespaces,
  'GET /v1/{prefix}/namespaces/{namespace}': namespaces.loadNamespace,
  'HEAD /v1/{prefix}/namespaces/{namespace}': namespaces.namespaceExists,
  'POST /v1/{prefix}/namespaces': namespaces.createNamespace,
  'POST /v1/{prefix}/namespaces/{namespace}/properties': namespaces.updateNamespaceProperties,
  'DELETE /v1/{prefix}/namespaces/{namespace}': namespaces.dropNamespace,
  'GET /v1/{prefix}/namespaces/{namespace}/tables': tables.listTables,
  'GET /v1/{prefix}/namespaces/{namespace}/tables/{table}': tables.loadTable,
  'HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}': tables.tableExists,
  [CREDENTIALS]: tables.loadCredentials,
  'POST /v1/{prefix}/namespaces/{namespace}/tables': createTable,
  'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}': commitTable,
  'DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}': tables.dropTable,
  'POST /v1/{prefix}/tables/rename': tables.renameTable,
  'POST /v1/{prefix}/namespaces/{namespace}/register': tables.registerTable,
  'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics': tables.reportMetrics,
  'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/plan': plans.planTableScan,
  'GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/plan/{plan-id}': plans.fetchPlanningResult,
  'DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}/plan/{plan-id}': plans.cancelPlanning,
  'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/tasks': plans.fetchScanTasks,
  [SIGN]: signRequest,
  'POST /v1/{prefix}/transactions/commit': commitTransaction,
  'GET /v1/{prefix}/namespaces/{namespace}/views': views.listViews,
  'GET /v1/{prefix}/namespaces/{namespace}/views/{view}': views.loadView,
  'HEAD /v1/{prefix}/namespaces/{namespace}/views/{view}': views.viewExists,
  'POST /v1/{prefix}/namespaces/{namespace}/views': views.createView,
  'POST /v1/{prefix}/namespaces/{namespace}/views/{view}': views.replaceView,
  'DELETE /v1/{prefix}/namespaces/{namespace}/views/{view}': views.dropView,
  'POST /v1/{prefix}/views/rename': views.renameView,
};

/** What the catalog answers first: the prefix of all other paths, and which of them there are. */
const config: Handler = async ({ name, properties, warehouse, remoteSigning, idempotencyKeyLifetime: lifetime }) =>
  ok({
    defaults: { ...properties, 'default-base-location': `${warehouse.root}/` },
    overrides: { 'namespace-separator': '%1F', prefix: name },
    endpoints: Object.keys(ROUTES).filter((route) => route !== CREDENTIALS && (route !== SIGN || remoteSigning)),
    ...(lifetime > 0 && { 'idempotency-key-lifetime': `PT${lifetime}S` }),
  });

export const routes: Route<Handler>[] = Object.entries({ 'GET /v1/config': config, ...ROUTES }).map(
  ([pattern, handler]) => ({ pattern, handler }),
);
