import type { IncomingHttpHeaders } from 'node:http';
import type { JsonObject } from '../request/fields.js';
import type { Warehouse } from '../warehouse/contract.js';
import type { Caller } from './caller.js';
import type { FileAddresses } from './file-addresses.js';
import type { MetadataFiles } from './metadata-files.js';
import type { ScanPlans } from './plans.js';
import type { ReportLog } from './report-log.js';
import type { CatalogStore, Namespace, TableIdentifier } from './store.js';

/** What every handler of a catalog works with. */
export interface CatalogContext {
  /** The warehouse's name, which is also the prefix of its paths. */
  name: string;
  /** Of the catalog. */
  properties: Record<string, string>;
  store: CatalogStore;
  warehouse: Warehouse;
  files: MetadataFiles;
  reports: ReportLog;
  plans: ScanPlans;
  addresses: FileAddresses;
  /** Clients must have scans planned. */
  demandsPlanning: boolean;
  /** Requests to the store are signed for those who ask for that. */
  remoteSigning: boolean;
  /** In seconds; 0: no keys are offered. */
  idempotencyKeyLifetime: number;
}

/** One request whose caller is known. */
export interface Call {
  caller: Caller;
  parameters: Record<string, string>;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body(): Promise<JsonObject>;
}

export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string> | undefined;
}

export type Handler = (context: CatalogContext, call: Call) => Promise<Answer>;

export const ok = (body: unknown, headers?: Record<string, string>): Answer => ({ status: 200, body, headers });
export const noContent: Answer = { status: 204 };

/** Levels are divided by the unit separator (REST specification, `namespace-separator`). */
export function namespaceOf(call: Call): Namespace {
  return splitNamespace(call.parameters.namespace ?? '');
}

export function splitNamespace(text: string): Namespace {
  return text === '' ? [] : text.split('\u001f');
}

export function tableOf(call: Call): TableIdentifier {
  return { namespace: namespaceOf(call), name: call.parameters.table ?? call.parameters.view ?? '' };
}
