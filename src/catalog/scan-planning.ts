/** Scans that the catalog plans for a caller (Iceberg REST specification, `planTableScan` and what follows it). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BearerToken } from '../auth/index.js';
import { SkuaError } from '../errors.js';
import type { StorageAccess, StorageCredential } from '../storage/contract.js';
import type { CatalogConfig } from './config.js';
import type { LoadOptions, PlanScan, TableIdentifier } from './contract.js';
import type { DelegatedExchange } from './delegated-exchange.js';
import { toError } from './errors.js';
import { queryOf, tablePath } from './paths.js';
import { RequestKey } from './request-key.js';
import { type CatalogAnswer, type CatalogRequest, ExchangeFailure, type Transport } from './transport.js';

const TABLE = '/v1/{prefix}/namespaces/{namespace}/tables/{table}';
const PLAN = `POST ${TABLE}/plan`;
const CANCEL = `DELETE ${TABLE}/plan/{plan-id}`;
const CREDENTIALS = `GET ${TABLE}/credentials`;

/** How long a plan is waited for, in milliseconds: until the first question, the longest time between two, in all. */
const FIRST_WAIT = 100;
const LONGEST_WAIT = 10_000;
const LONGEST_IN_ALL = 300_000;
/** Parts of a plan that are fetched at a time. */
const AT_A_TIME = 8;

/** Whose scan of which table. */
export interface Scanned {
  token: BearerToken;
  config: CatalogConfig;
  identifier: TableIdentifier;
  options: LoadOptions;
  /** The table's own, for a plan that comes without credentials. */
  access: StorageAccess;
}

export function offersPlanning(config: CatalogConfig): boolean {
  return config.supports(PLAN) === true;
}

interface PlanAnswer {
  status?: string;
  'plan-id'?: string;
  'plan-tasks'?: string[] | null;
  'file-scan-tasks'?: unknown;
  'delete-files'?: unknown;
  'storage-credentials'?: StorageCredential[] | null;
  error?: { message?: string; type?: string; code?: number };
}

export function planningOf(
  { name, exchange }: { name: string; exchange: DelegatedExchange },
  transport: Transport,
  scanned: Scanned,
): PlanScan {
  const { token, config, identifier, options, access } = scanned;
  const table = tablePath(config, identifier);

  async function bodyOf(answer: Promise<CatalogAnswer>): Promise<unknown> {
    try {
      return (await answer).body;
    } catch (failure) {
      throw failure instanceof ExchangeFailure ? failure.error : failure;
    }
  }

  const send = (request: CatalogRequest) => bodyOf(transport.exchange(token, request));

  /** Under a key, by which a catalog knows it again. */
  function keyed(request: CatalogRequest): CatalogRequest {
    const headers = { ...request.headers, ...new RequestKey().headers(config.keyLifetime) };
    return { ...request, headers, isRepeatable: config.keyLifetime !== undefined };
  }

  const change = (request: CatalogRequest) => send(keyed(request));

  /** Asks for a plan, and for access to its files besides. */
  async function begin(body: Record<string, unknown>): Promise<PlanAnswer> {
    const path = `${table}/plan`;
    const asked = { path, identifier, isOptional: true };
    const answer = exchange(token, asked, (headers) => keyed({ method: 'POST', path, body, headers }));
    return (await bodyOf(answer)) as PlanAnswer;
  }

  /** Until the plan is there. */
  async function completed(first: PlanAnswer, id: string | undefined, signal: AbortSignal | undefined) {
    const until = Date.now() + LONGEST_IN_ALL;
    let answer = first;
    for (let wait = FIRST_WAIT; answer.status === 'submitted'; wait = Math.min(2 * wait, LONGEST_WAIT)) {
      if (id === undefined) throw malformed('a submitted plan without an id');
      if (Date.now() + wait > until) {
        throw new SkuaError(
          'DEADLINE_EXCEEDED',
          `The catalog '${name}' has not planned the scan in ${LONGEST_IN_ALL / 1000} s.`,
        );
      }
      await sleep(wait, undefined, { signal }).catch(() => signal?.throwIfAborted());
      answer = (await send({ method: 'GET', path: `${table}/plan/${encodeURIComponent(id)}` })) as PlanAnswer;
    }
    switch (answer.status) {
      case 'completed':
        return answer;
      case 'failed': {
        const { message, type, code = 500 } = answer.error ?? {};
        throw toError(name, { status: code, type, message }, 'commit');
      }
      case 'cancelled':
        throw new SkuaError('ABORTED', `The catalog '${name}' cancelled the plan of the scan; run it again.`);
      default:
        throw malformed('a plan without a status that is known');
    }
  }

  const malformed = (what: string) => new SkuaError('DATA_LOSS', `The catalog '${name}' answered with ${what}.`);

  async function taskPages(tasks: readonly string[], signal: AbortSignal | undefined): Promise<PlanAnswer[]> {
    const pages: PlanAnswer[] = [];
    const waiting = [...tasks];
    while (waiting.length > 0) {
      signal?.throwIfAborted();
      const answers = await Promise.all(
        waiting.splice(0, AT_A_TIME).map(async (task) => {
          return (await change({ method: 'POST', path: `${table}/tasks`, body: { 'plan-task': task } })) as PlanAnswer;
        }),
      );
      for (const answer of answers) {
        pages.push(answer);
        waiting.push(...(answer['plan-tasks'] ?? []));
      }
    }
    return pages;
  }

  /** Of a plan that nobody waits for any more. */
  function cancel(id: string | undefined): void {
    if (id === undefined || config.supports(CANCEL) === false) return;
    const path = `${table}/plan/${encodeURIComponent(id)}`;
    change({ method: 'DELETE', path, answer: 'none' }).catch(() => undefined);
  }

  /** Fresh credentials of a plan; undefined where the catalog does not tell them, or knows the plan no longer. */
  async function renewed(id: string | undefined): Promise<StorageCredential[] | undefined> {
    if (config.supports(CREDENTIALS) === false) return undefined;
    const ofPlan = id === undefined ? '' : `planId=${encodeURIComponent(id)}`;
    const ofTable = queryOf(config, { referencedBy: options.referencedBy ?? [] }).slice(1);
    const query = [ofPlan, ofTable].filter(Boolean).join('&');
    const path = `${table}/credentials${query === '' ? '' : `?${query}`}`;
    try {
      const answer = (await send({ method: 'GET', path })) as PlanAnswer;
      return answer['storage-credentials'] ?? [];
    } catch (error) {
      if (error instanceof SkuaError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    }
  }

  /** `body`: what was asked for, which is planned once more where its credentials can't be had otherwise. */
  function accessOf(
    credentials: StorageCredential[] | null | undefined,
    id: string | undefined,
    body: Record<string, unknown>,
  ): StorageAccess {
    if (!credentials || credentials.length === 0) return access;
    let known = id;
    return {
      properties: access.properties,
      credentials,
      refresh: async () => {
        const fresh = await renewed(known);
        if (fresh) return fresh;
        const { plan, id: another } = await planned(body, undefined);
        known = another;
        return plan['storage-credentials'] ?? [];
      },
    };
  }

  async function planned(body: Record<string, unknown>, signal: AbortSignal | undefined) {
    const first = await begin(body);
    const id = first['plan-id'];
    try {
      return { plan: await completed(first, id, signal), id };
    } catch (error) {
      if (isGivenUp(error, signal)) cancel(id);
      throw error;
    }
  }

  return async (request, signal) => {
    signal?.throwIfAborted();
    const { plan, id } = await planned(request, signal);
    try {
      const pages = [plan, ...(await taskPages(plan['plan-tasks'] ?? [], signal))];
      return { pages, access: accessOf(plan['storage-credentials'], id, request) };
    } catch (error) {
      if (isGivenUp(error, signal)) cancel(id);
      throw error;
    }
  };
}

/** Whether nobody waits for a plan any more. */
function isGivenUp(error: unknown, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true || (error instanceof SkuaError && error.code === 'DEADLINE_EXCEEDED');
}
