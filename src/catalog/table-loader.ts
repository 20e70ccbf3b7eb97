import type { BearerToken } from '../auth/index.js';
import { SkuaError } from '../errors.js';
import type { StorageAccess, StorageCredential } from '../storage/contract.js';
import {
  type AccessAnswer,
  credentialsOf,
  type Delegation,
  earliestExpiry,
  pendingAccess,
  propertiesOf,
  type StaticStorage,
} from './access.js';
import { type CatalogConfig, tokenKey } from './config.js';
import type { LoadedTable, TableIdentifier } from './contract.js';
import { createLoadedTables } from './loaded-tables.js';
import { isFreelyReadable, type ReadTerms, readTermsOf, type TermsAnswer } from './read-terms.js';
import {
  type CatalogAnswer,
  type CatalogRequest,
  ExchangeFailure,
  type ReadAnswer,
  type Transport,
} from './transport.js';

/** LoadTableResult and CommitTableResponse of the Iceberg REST specification. */
export interface TableAnswer extends AccessAnswer, TermsAnswer {
  'metadata-location'?: string | null;
  metadata: unknown;
}

export interface TableLoaderOptions {
  name: string;
  delegation: Delegation;
  storage: StaticStorage;
  /** For answers that are kept, so that one like it need not be parsed again. */
  metadataCacheBytes: number;
  /** Whether the catalog's ETag stands for all of an answer, so that an unchanged one need not be sent. */
  conditionalLoads: boolean;
}

/** A GET that asks for credentials as well. */
interface TableQuestion {
  path: string;
  identifier: TableIdentifier;
  headers?: Record<string, string>;
  read?: ReadAnswer | undefined;
}

interface KeptAnswer {
  read: ReadAnswer;
  body: TableAnswer;
  etag: string | undefined;
}

export interface TableLoader {
  load(token: BearerToken, config: CatalogConfig, identifier: TableIdentifier): Promise<LoadedTable>;
  /**
   * A table that only its commit will make, from a request that says what it is to be like; with credentials for the place where it will lie.
   * They are renewed by asking for a table at that place.
   */
  stage(
    token: BearerToken,
    config: CatalogConfig,
    identifier: TableIdentifier,
    request: StageRequest,
  ): Promise<LoadedTable>;
  /** A table from the answer to a creation or commit, which bears no credentials: they are fetched when first needed. */
  adopt(token: BearerToken, config: CatalogConfig, identifier: TableIdentifier, answer: TableAnswer): LoadedTable;
}

/** Sends a CreateTableRequest that is only to be staged. */
export type StageRequest = (headers: Record<string, string>, location: string | undefined) => CatalogRequest;

const DELEGATION_HEADER = { 'x-iceberg-access-delegation': 'vended-credentials' };
/** After the catalog said that it can't vend for a caller and a table, it isn't asked to again for this long, in milliseconds. */
const NO_VENDING_LIFETIME = 300_000;
/** Refusals that are remembered. */
const MOST_REFUSALS = 10_000;
/** A kept answer is used again only if its credentials live this much longer, in milliseconds. */
const MIN_CREDENTIAL_LIFE = 120_000;

export function createTableLoader(transport: Transport, options: TableLoaderOptions): TableLoader {
  const { delegation, storage } = options;
  const kept = createLoadedTables<KeptAnswer>(options.metadataCacheBytes);
  /** When vending was refused, by caller and path, oldest first. One caller's refusal is no other's. */
  const refusals = new Map<string, number>();

  function ask(token: BearerToken, { path, identifier, headers, read }: TableQuestion): Promise<CatalogAnswer> {
    return vending(token, path, identifier, (extra) => {
      return { method: 'GET', path, headers: { ...headers, ...extra }, read };
    });
  }

  /** Asks for credentials too, unless the catalog said lately that it has none for that path. */
  async function vending(
    token: BearerToken,
    path: string,
    identifier: TableIdentifier,
    request: (headers: Record<string, string>) => CatalogRequest,
  ): Promise<CatalogAnswer> {
    const key = `${tokenKey(token)} ${path}`;
    const refusedAt = refusals.get(key) ?? Number.NEGATIVE_INFINITY;
    const wantsVending =
      delegation === 'vended' || (delegation === 'vended-or-static' && Date.now() - refusedAt > NO_VENDING_LIFETIME);
    const get = (extra: Record<string, string>) => transport.exchange(token, request(extra));
    if (!wantsVending) return get({});
    try {
      return await get(DELEGATION_HEADER);
    } catch (failure) {
      if (!isVendingRefused(failure)) throw failure;
      if (delegation === 'vended') throw vendingError(identifier);
      refusals.delete(key);
      refusals.set(key, Date.now());
      const [oldest] = refusals.keys();
      if (oldest !== undefined && refusals.size > MOST_REFUSALS) refusals.delete(oldest);
      return get({});
    }
  }

  function vendingError(identifier: TableIdentifier): ExchangeFailure {
    const table = [...identifier.namespace, identifier.name].join('.');
    const sentence =
      `The catalog '${options.name}' can't vend credentials for table ${table}. Set credential_delegation of ` +
      `[catalogs.${options.name}] to "vended-or-static" or "none" and configure keys for the store, or give the catalog's storage an STS.`;
    return new ExchangeFailure(new SkuaError('FAILED_PRECONDITION', sentence), 'refused', 400);
  }

  /**
   * The whole answer, each time: an ETag stands for the table's metadata, and an answer that is not sent would hide that the caller's rights
   * or restrictions have changed. `conditionalLoads` is for catalogs whose ETag covers these too.
   */
  async function freshAnswer(
    token: BearerToken,
    config: CatalogConfig,
    identifier: TableIdentifier,
    conditional: boolean,
  ): Promise<TableAnswer> {
    const path = tablePath(config, identifier);
    const key = `${tokenKey(token)} ${path}`;
    const known = kept.get(key);
    const etag = conditional && known && mayStay(config, known.body) ? known.etag : undefined;
    const headers: Record<string, string> = etag ? { 'if-none-match': etag } : {};
    const answer = await ask(token, { path, identifier, headers, read: known?.read });
    if (answer.status === 304 && known) return known.body;
    const body = answer.body as TableAnswer;
    kept.set(key, { read: { text: answer.text, body }, body, etag: answer.etag }, 2 * answer.text.length);
    return body;
  }

  function mayStay(config: CatalogConfig, answer: TableAnswer): boolean {
    if (!options.conditionalLoads) return false;
    return earliestExpiry(credentials(answer, termsOf(config, answer))) - Date.now() > MIN_CREDENTIAL_LIFE;
  }

  function termsOf(config: CatalogConfig, answer: TermsAnswer): ReadTerms {
    return readTermsOf(config.properties, answer);
  }

  function credentials(answer: AccessAnswer, terms: ReadTerms): StorageCredential[] {
    return credentialsOf(answer, delegation, storage, !isFreelyReadable(terms));
  }

  /** The terms of the answer that the credentials were for hold for those that follow, unless a later answer has its own. */
  function refresher(token: BearerToken, config: CatalogConfig, identifier: TableIdentifier, terms: ReadTerms) {
    return async (): Promise<StorageCredential[]> => {
      try {
        const route = 'GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials';
        if (delegation === 'none' || !config.supports(route)) {
          const answer = await freshAnswer(token, config, identifier, false);
          return credentials(answer, termsOf(config, answer));
        }
        const path = `${tablePath(config, identifier)}/credentials`;
        const answer = await ask(token, { path, identifier });
        return credentials(answer.body as AccessAnswer, terms);
      } catch (failure) {
        throw failure instanceof ExchangeFailure ? failure.error : failure;
      }
    };
  }

  return {
    async load(token, config, identifier) {
      const answer = await freshAnswer(token, config, identifier, true);
      const terms = termsOf(config, answer);
      return toTable(identifier, answer, terms, {
        properties: propertiesOf(config.properties, answer, storage),
        credentials: credentials(answer, terms),
        refresh: refresher(token, config, identifier, terms),
      });
    },
    async stage(token, config, identifier, request) {
      const send = async (location?: string) => {
        const path = tablePath(config, identifier);
        const { body } = await vending(token, path, identifier, (headers) => request(headers, location));
        return body as TableAnswer;
      };
      const answer = await send();
      const terms = termsOf(config, answer);
      const { location } = answer.metadata as { location?: string };
      return toTable(identifier, answer, terms, {
        properties: propertiesOf(config.properties, answer, storage),
        credentials: credentials(answer, terms),
        refresh: async () => {
          try {
            return credentials(await send(location), terms);
          } catch (failure) {
            throw failure instanceof ExchangeFailure ? failure.error : failure;
          }
        },
      });
    },
    adopt(token, config, identifier, answer) {
      const properties = propertiesOf(config.properties, answer, storage);
      const terms = termsOf(config, answer);
      const known = credentials(answer, terms);
      const refresh = refresher(token, config, identifier, terms);
      const access =
        known.length > 0 ? { properties, credentials: known, refresh } : pendingAccess(properties, refresh);
      return toTable(identifier, answer, terms, access);
    },
  };
}

function toTable(
  identifier: TableIdentifier,
  answer: TableAnswer,
  terms: ReadTerms,
  storage: StorageAccess,
): LoadedTable {
  const metadataLocation = answer['metadata-location'] ?? undefined;
  return { identifier, metadataLocation, metadata: answer.metadata, storage, ...terms };
}

/** Path of a table below the catalog's URI. */
export function tablePath(config: CatalogConfig, { namespace, name }: TableIdentifier): string {
  return `${config.root}/namespaces/${config.encode(namespace)}/tables/${encodeURIComponent(name)}`;
}

/** The answer of a catalog that has nothing to vend: 400 with a sentence about credentials, or the route or header isn't known to it. */
function isVendingRefused(failure: unknown): boolean {
  if (!(failure instanceof ExchangeFailure)) return false;
  if (failure.status === 406 || failure.status === 501) return true;
  return failure.status === 400 && /credential/i.test(failure.error.message);
}
