/** Access to a table's files without keys: the catalog signs each request to the store (Iceberg REST specification, `signRequest`). */
import { LRUCache } from 'lru-cache';
import type { BearerToken } from '../auth/index.js';
import { SkuaError } from '../errors.js';
import type { Endpoints, RequestSigner, SignedRequest, UnsignedRequest } from '../storage/index.js';
import type { AccessAnswer } from './access.js';
import type { CatalogConfig } from './config.js';
import type { TableIdentifier } from './contract.js';
import { tablePath } from './paths.js';
import { type CatalogAnswer, ExchangeFailure, type Transport } from './transport.js';

const SIGN = 'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/sign';
/** Where catalogs signed before each table had its own signer. */
const COMMON_SIGNER = 'v1/aws/s3/sign';
/** How long a signature is used again that may be, where the catalog does not say, and at most; in milliseconds. Stores take one for 15 minutes. */
const USUAL_LIFE = 30_000;
const LONGEST_LIFE = 300_000;
const MOST_SIGNATURES = 1_000;

/** `remote-signing-config` of a LoadTableResult: to be passed along with each request, unchanged. */
export interface SigningConfig {
  properties?: Record<string, string> | null;
  headers?: Record<string, string> | null;
}

export interface SigningAnswer extends AccessAnswer {
  'remote-signing-config'?: SigningConfig | null;
}

export interface SigningCatalog {
  name: string;
  uri: string;
  /** Where a signer may be that is not the catalog itself. */
  endpoints: Endpoints | undefined;
  transport: Transport;
}

/** Whether requests for the table's files are to be signed by the catalog, by its answer. */
export function offersSigning(config: CatalogConfig, { config: ofTable = {} }: SigningAnswer): boolean {
  return ({ ...config.properties, ...ofTable }['s3.remote-signing-enabled'] ?? '').toLowerCase() === 'true';
}

/**
 * The catalog as the signer of one caller's requests for one table's files. What it says is answered in its words (403: PERMISSION_DENIED).
 * A signature serves again, for the very same request, only where the answer allows that.
 */
export function signerOf(
  catalog: SigningCatalog,
  { token, config, identifier }: { token: BearerToken; config: CatalogConfig; identifier: TableIdentifier },
  answer: SigningAnswer,
): RequestSigner {
  const properties = { ...config.properties, ...answer.config };
  const own = config.supports(SIGN) ? `${tablePath(config, identifier)}/sign` : COMMON_SIGNER;
  const path = (properties['signer.endpoint'] ?? properties['s3.signer.endpoint'] ?? own).replace(/^\/+/, '');
  const { properties: passed, headers } = answer['remote-signing-config'] ?? {};
  const kept = new LRUCache<string, SignedRequest>({ max: MOST_SIGNATURES });

  async function ask({ headers: covered, ...request }: UnsignedRequest): Promise<CatalogAnswer> {
    const lists = Object.fromEntries(Object.entries(covered).map(([name, value]) => [name, [value]]));
    const body = { ...request, headers: lists, ...(passed && { properties: passed }) };
    const base = baseOf(catalog, properties['signer.uri'] ?? properties['s3.signer.uri']);
    try {
      const options = { headers: headers ?? {}, base, isRepeatable: true };
      return await catalog.transport.exchange(token, { method: 'POST', path, body, ...options });
    } catch (failure) {
      throw failure instanceof ExchangeFailure ? failure.error : failure;
    }
  }

  return {
    async sign(request) {
      const key = JSON.stringify(request);
      const known = kept.get(key);
      if (known) return known;
      const given = await ask(request);
      const signed = readSigned(catalog.name, given.body);
      const life = lifeOf(given.cacheControl);
      if (life > 0) kept.set(key, signed, { ttl: life });
      return signed;
    },
    forget: () => kept.clear(),
  };
}

/** Undefined for the catalog's own URI. Elsewhere the token goes only where the operator has allowed it: PERMISSION_DENIED. */
function baseOf({ uri, endpoints }: SigningCatalog, signer: string | undefined): string | undefined {
  if (signer === undefined || signer === '') return undefined;
  const base = signer.replace(/\/+$/, '');
  const isOwn = URL.canParse(base) && new URL(base).origin === new URL(uri).origin;
  if (isOwn) return base;
  if (endpoints?.isNamed(base)) return base;
  throw new SkuaError(
    'PERMISSION_DENIED',
    'The catalog signs requests to the store at another host than its own, which storage.allowed_endpoints does not name; the token is not sent there.',
  );
}

function readSigned(name: string, body: unknown): SignedRequest {
  const { uri, headers } = (body ?? {}) as { uri?: unknown; headers?: unknown };
  if (typeof uri !== 'string' || typeof headers !== 'object' || headers === null) {
    throw new SkuaError('DATA_LOSS', `The catalog '${name}' answered with no signed request.`);
  }
  const single = Object.entries(headers).map(([header, value]) => [header, [value].flat().map(String).join(',')]);
  return { uri, headers: Object.fromEntries(single) };
}

/** In milliseconds; 0 for a signature that is good for one request. */
function lifeOf(cacheControl: string): number {
  const directives = cacheControl.split(',').map((directive) => directive.trim());
  if (!directives.includes('private') || directives.includes('no-store') || directives.includes('no-cache')) return 0;
  const age = directives.map((directive) => /^max-age="?(\d+)/.exec(directive)?.[1]).find((found) => found);
  return age === undefined ? USUAL_LIFE : Math.min(Number(age) * 1000, LONGEST_LIFE);
}
