/** Requests that ask for access to files besides: keys of one table, or signatures of single requests (Iceberg REST specification, header `X-Iceberg-Access-Delegation`). */
import type { BearerToken } from '../auth/index.js';
import { SkuaError } from '../errors.js';
import type { Delegation } from './access.js';
import { tokenKey } from './config.js';
import type { TableIdentifier } from './contract.js';
import { type CatalogAnswer, type CatalogRequest, ExchangeFailure, type Transport } from './transport.js';

/** Keys of its own for each table, or signatures for single requests. */
const DELEGATION_HEADER = { 'x-iceberg-access-delegation': 'vended-credentials,remote-signing' };
/** The first of them, for catalogs that don't take both in one request. */
const VENDING_HEADER = { 'x-iceberg-access-delegation': 'vended-credentials' };
/** After the catalog said that it can't vend for a caller and a table, it isn't asked to again for this long, in milliseconds. */
const NO_VENDING_LIFETIME = 300_000;
/** Refusals that are remembered. */
const MOST_REFUSALS = 10_000;

/** Which table a request is about, and where it goes. */
export interface Asked {
  /** Without its query. */
  path: string;
  identifier: TableIdentifier;
  /** It is of use also where no access comes with the answer, whatever is configured. */
  isOptional?: boolean;
}

/** Sends a request with the headers that ask for access, or without any where the catalog has none to give and that is no failure. */
export type DelegatedExchange = (
  token: BearerToken,
  asked: Asked,
  request: (headers: Record<string, string>) => CatalogRequest,
) => Promise<CatalogAnswer>;

export function delegatedExchange(
  { name, delegation }: { name: string; delegation: Delegation },
  transport: Transport,
): DelegatedExchange {
  /** When vending was refused, by caller and path, oldest first. One caller's refusal is no other's. */
  const refusals = new Map<string, number>();
  /** When the catalog last refused to be asked for either of both. */
  let choiceRefusedAt = Number.NEGATIVE_INFINITY;

  function vendingError(identifier: TableIdentifier): ExchangeFailure {
    const table = [...identifier.namespace, identifier.name].join('.');
    const sentence =
      `The catalog '${name}' can't vend credentials for table ${table}. Set credential_delegation of ` +
      `[catalogs.${name}] to "vended-or-static" or "none" and configure keys for the store, or give the catalog's storage an STS.`;
    return new ExchangeFailure(new SkuaError('FAILED_PRECONDITION', sentence), 'refused', 400);
  }

  return async (token, { path, identifier, isOptional = false }, request) => {
    const isNeeded = delegation === 'vended' && !isOptional;
    const key = `${tokenKey(token)} ${path}`;
    const refusedAt = refusals.get(key) ?? Number.NEGATIVE_INFINITY;
    const wantsVending = isNeeded || (delegation !== 'none' && Date.now() - refusedAt > NO_VENDING_LIFETIME);
    const get = (extra: Record<string, string>) => transport.exchange(token, request(extra));
    if (!wantsVending) return get({});
    try {
      if (Date.now() - choiceRefusedAt > NO_VENDING_LIFETIME) {
        try {
          return await get(DELEGATION_HEADER);
        } catch (failure) {
          if (!isVendingRefused(failure)) throw failure;
          choiceRefusedAt = Date.now();
        }
      }
      return await get(VENDING_HEADER);
    } catch (failure) {
      if (!isVendingRefused(failure)) throw failure;
      if (isNeeded) throw vendingError(identifier);
      refusals.delete(key);
      refusals.set(key, Date.now());
      const [oldest] = refusals.keys();
      if (oldest !== undefined && refusals.size > MOST_REFUSALS) refusals.delete(oldest);
      return get({});
    }
  };
}

/** The answer of a catalog that has nothing to vend: 400 with a sentence about credentials, or the route or header isn't known to it. */
function isVendingRefused(failure: unknown): boolean {
  if (!(failure instanceof ExchangeFailure)) return false;
  if (failure.status === 406 || failure.status === 501) return true;
  return failure.status === 400 && /credential|delegation|remote.signing/i.test(failure.error.message);
}
