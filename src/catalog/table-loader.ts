import type { BearerToken } from '../auth/index.js';
import { SkuaError } from '../errors.js';
import type { StorageAccess, StorageCredential } from '../storage/contract.js';
import type { Endpoints, RequestSigner } from '../storage/index.js';
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
import type { LoadedTable, LoadOptions, TableIdentifier } from './contract.js';
import { delegatedExchange } from './delegated-exchange.js';
import { createLoadedTables } from './loaded-tables.js';
import { queryOf, tablePath } from './paths.js';
import { isFreelyReadable, type ReadTerms, readTermsOf, type TermsAnswer } from './read-terms.js';
import { offersSigning, type SigningAnswer, signerOf } from './remote-signing.js';
import { offersPlanning, planningOf, type Scanned } from './scan-planning.js';
import {
  type CatalogAnswer,
  type CatalogRequest,
  ExchangeFailure,
  type ReadAnswer,
  type Transport,
} from './transport.js';

/** LoadTableResult and CommitTableResponse of the Iceberg REST specification. */
export interface TableAnswer extends SigningAnswer, TermsAnswer {
  'metadata-location'?: string | null;
  metadata: unknown;
}

export interface TableLoaderOptions {
  name: string;
  uri: string;
  /** Where signers may be. */
  endpoints: Endpoints | undefined;
  delegation: Delegation;
  storage: StaticStorage;
  /** For answers that are kept, so that one like it need not be parsed again. */
  metadataCacheBytes: number;
  /** Scans are planned by the catalog where it leaves that open. */
  planAtServer: boolean;
  /** Whether the catalog's ETag stands for all of an answer, so that an unchanged one need not be sent. */
  conditionalLoads: boolean;
}

/** A GET that asks for credentials as well. */
interface TableQuestion {
  path: string;
  /** With its `?`, or empty. */
  query: string;
  identifier: TableIdentifier;
  headers?: Record<string, string>;
  read?: ReadAnswer | undefined;
}

interface Wanted {
  identifier: TableIdentifier;
  options: LoadOptions;
}

interface Caller {
  token: BearerToken;
  config: CatalogConfig;
}

type OnLoad = (answer: TableAnswer) => void;

interface KeptAnswer {
  read: ReadAnswer;
  body: TableAnswer;
  etag: string | undefined;
}

export interface TableLoader {
  load(
    token: BearerToken,
    config: CatalogConfig,
    identifier: TableIdentifier,
    options?: LoadOptions,
  ): Promise<LoadedTable>;
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

/** A kept answer is used again only if its credentials live this much longer, in milliseconds. */
const MIN_CREDENTIAL_LIFE = 120_000;

/** Bytes that an answer takes for each character of it: its text, what was read from it, and the metadata that is made of that. */
const MEMORY_OF_TEXT = 5;

export function createTableLoader(transport: Transport, options: TableLoaderOptions): TableLoader {
  const { delegation, storage } = options;
  const kept = createLoadedTables<KeptAnswer>(options.metadataCacheBytes);
  const exchange = delegatedExchange(options, transport);

  function ask(token: BearerToken, { path, query, identifier, headers, read }: TableQuestion): Promise<CatalogAnswer> {
    return exchange(token, { path, identifier }, (extra) => {
      return { method: 'GET', path: path + query, headers: { ...headers, ...extra }, read };
    });
  }

  /**
   * The whole answer, each time: an ETag stands for the table's metadata, and an answer that is not sent would hide that the caller's rights
   * or restrictions have changed. `conditionalLoads` is for catalogs whose ETag covers these too. One answer never serves for another question:
   * for fewer snapshots, or through other views.
   */
  async function freshAnswer(
    token: BearerToken,
    config: CatalogConfig,
    { identifier, options }: Wanted,
    conditional: boolean,
  ): Promise<TableAnswer> {
    const path = tablePath(config, identifier);
    const query = queryOf(config, options);
    const key = `${tokenKey(token)} ${path}${query}`;
    const known = kept.get(key);
    const etag = conditional && known && mayStay(config, known.body) ? known.etag : undefined;
    const headers: Record<string, string> = etag ? { 'if-none-match': etag } : {};
    const answer = await ask(token, { path, query, identifier, headers, read: known?.read });
    if (answer.status === 304 && known) return known.body;
    const body = answer.body as TableAnswer;
    kept.set(key, { read: { text: answer.text, body }, body, etag: answer.etag }, MEMORY_OF_TEXT * answer.text.length);
    return body;
  }

  function mayStay(config: CatalogConfig, answer: TableAnswer): boolean {
    if (!options.conditionalLoads) return false;
    return earliestExpiry(credentials(config, answer, termsOf(config, answer))) - Date.now() > MIN_CREDENTIAL_LIFE;
  }

  function termsOf(config: CatalogConfig, answer: TermsAnswer): ReadTerms {
    return readTermsOf(config.properties, answer);
  }

  /** No keys of our own are a substitute where the catalog withholds some, or signs requests itself. */
  function credentials(config: CatalogConfig, answer: SigningAnswer, terms: ReadTerms): StorageCredential[] {
    const isSubstituted = isFreelyReadable(terms) && !signs(config, answer);
    return credentialsOf(answer, delegation, storage, !isSubstituted);
  }

  function signs(config: CatalogConfig, answer: SigningAnswer): boolean {
    return delegation !== 'none' && offersSigning(config, answer);
  }

  function signer(loaded: Caller & Pick<Wanted, 'identifier'>, answer: SigningAnswer): RequestSigner | undefined {
    if (!signs(loaded.config, answer)) return undefined;
    return signerOf({ ...options, transport }, loaded, answer);
  }

  function access(
    loaded: Caller & Pick<Wanted, 'identifier'>,
    answer: SigningAnswer,
    terms: ReadTerms,
  ): Pick<StorageAccess, 'properties' | 'credentials' | 'signer'> {
    const signing = signer(loaded, answer);
    return {
      properties: propertiesOf(loaded.config.properties, answer, storage),
      credentials: credentials(loaded.config, answer, terms),
      ...(signing && { signer: () => signing }),
    };
  }

  /**
   * The terms of the answer that the credentials were for hold for those that follow, unless a later answer has its own. Who wants to hear of
   * that answer has the table loaded for it.
   */
  function refresher({ token, config, ...wanted }: Caller & Wanted, terms: ReadTerms, onLoad?: OnLoad) {
    return async (): Promise<StorageCredential[]> => {
      try {
        const route = 'GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials';
        if (delegation === 'none' || !config.supports(route) || onLoad) {
          const answer = await freshAnswer(token, config, wanted, false);
          onLoad?.(answer);
          return credentials(config, answer, termsOf(config, answer));
        }
        const { identifier, options } = wanted;
        const path = `${tablePath(config, identifier)}/credentials`;
        const query = queryOf(config, { ...options, snapshots: 'all' });
        const answer = await ask(token, { path, query, identifier });
        return credentials(config, answer.body as AccessAnswer, terms);
      } catch (failure) {
        throw failure instanceof ExchangeFailure ? failure.error : failure;
      }
    };
  }

  /** The table's own word counts more than what is configured. A catalog that can't plan, as is configured: UNIMPLEMENTED. */
  function planning({ scanPlanningMode: mode }: ReadTerms, scanned: Scanned): Pick<LoadedTable, 'planScan'> {
    if (mode !== 'server' && !(mode === undefined && options.planAtServer)) return {};
    if (offersPlanning(scanned.config)) return { planScan: planningOf({ ...options, exchange }, transport, scanned) };
    if (mode === 'server') return {};
    const sentence = `The catalog '${options.name}' does not plan scans, which scan_planning = "server" of [catalogs.${options.name}] asks for.`;
    throw new ExchangeFailure(new SkuaError('UNIMPLEMENTED', sentence), 'refused', undefined);
  }

  /** A table that was just made, whose catalog may demand to plan scans of it. */
  function madeTable(answer: TableAnswer, terms: ReadTerms, scanned: Scanned): LoadedTable {
    const isDemanded = terms.scanPlanningMode === 'server';
    return {
      ...toTable(scanned.identifier, answer, terms, scanned.access),
      ...(isDemanded && planning(terms, scanned)),
    };
  }

  return {
    async load(token, config, identifier, options = {}) {
      const wanted = { identifier, options };
      const answer = await freshAnswer(token, config, wanted, true);
      const terms = termsOf(config, answer);
      const opened = {
        ...access({ token, config, identifier }, answer, terms),
        refresh: refresher({ token, config, ...wanted }, terms),
      };
      return {
        ...toTable(identifier, answer, terms, opened),
        ...(options.snapshots === 'refs' && { lacksSnapshots: true }),
        ...planning(terms, { token, config, identifier, options, access: opened }),
      };
    },
    async stage(token, config, identifier, request) {
      const send = async (location?: string) => {
        const path = tablePath(config, identifier);
        const { body } = await exchange(token, { path, identifier }, (headers) => request(headers, location));
        return body as TableAnswer;
      };
      const answer = await send();
      const terms = termsOf(config, answer);
      const { location } = answer.metadata as { location?: string };
      const opened = {
        ...access({ token, config, identifier }, answer, terms),
        refresh: async () => {
          try {
            return credentials(config, await send(location), terms);
          } catch (failure) {
            throw failure instanceof ExchangeFailure ? failure.error : failure;
          }
        },
      };
      return madeTable(answer, terms, { token, config, identifier, options: {}, access: opened });
    },
    adopt(token, config, identifier, answer) {
      const properties = propertiesOf(config.properties, answer, storage);
      const terms = termsOf(config, answer);
      const known = credentials(config, answer, terms);
      const wanted = { identifier, options: {} };
      let signing: RequestSigner | undefined;
      const refresh = refresher({ token, config, ...wanted }, terms, (later) => {
        signing = signer({ token, config, identifier }, later);
      });
      const opened =
        known.length > 0
          ? { properties, credentials: known, refresh }
          : { ...pendingAccess(properties, refresh), signer: () => signing };
      return madeTable(answer, terms, { token, config, ...wanted, access: opened });
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
