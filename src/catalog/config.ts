import { createHash } from 'node:crypto';
import type { BearerToken } from '../auth/index.js';
import { SkuaError } from '../errors.js';
import type { Namespace } from './contract.js';
import { checkNamespace } from './names.js';
import { durationOf } from './request-key.js';
import type { Transport } from './transport.js';

/** What the catalog said about itself (Iceberg REST specification, `GET /v1/config`). */
export interface CatalogConfig {
  /** `defaults` overlaid by `overrides`. */
  properties: Record<string, string>;
  /** Path of the routes: `v1/{prefix}`. */
  root: string;
  /** Whether the catalog has a route, such as `GET /v1/{prefix}/namespaces/{namespace}/views`; undefined where it doesn't list them. */
  supports(route: string): boolean | undefined;
  /** A namespace as one path segment or query value. */
  encode(namespace: Namespace): string;
  /** How long the catalog knows a request again by its `Idempotency-Key`, in milliseconds; undefined where it does not say that it does. */
  keyLifetime: number | undefined;
}

/** Kept for this long, in milliseconds. Every later request is authorized by itself, so nothing is opened by it. */
const CONFIG_LIFETIME = 60_000;
const MAX_CONFIGS = 1_000;

export function tokenKey(token: BearerToken): string {
  return createHash('sha256').update(token.header()).digest('base64');
}

/** Asks once per token and minute. */
export function createConfigSource(transport: Transport, warehouse: string | undefined, now: () => number = Date.now) {
  const known = new Map<string, { at: number; config: Promise<CatalogConfig> }>();

  async function ask(token: BearerToken): Promise<CatalogConfig> {
    const query = warehouse === undefined ? '' : `?warehouse=${encodeURIComponent(warehouse)}`;
    const answer = await transport.exchange(token, { method: 'GET', path: `v1/config${query}` });
    return parseConfig(answer.body);
  }

  return (token: BearerToken): Promise<CatalogConfig> => {
    const key = tokenKey(token);
    const entry = known.get(key);
    if (entry && now() - entry.at < CONFIG_LIFETIME) return entry.config;
    const config = ask(token);
    known.delete(key);
    known.set(key, { at: now(), config });
    config.catch(() => {
      if (known.get(key)?.config === config) known.delete(key);
    });
    if (known.size > MAX_CONFIGS) known.delete(known.keys().next().value as string);
    return config;
  };
}

function parseConfig(body: unknown): CatalogConfig {
  const answer = (body ?? {}) as {
    defaults?: Record<string, string>;
    overrides?: Record<string, string>;
    endpoints?: string[];
    'idempotency-key-lifetime'?: string;
  };
  const properties = { ...answer.defaults, ...answer.overrides };
  const prefix = properties.prefix;
  const endpoints = answer.endpoints && new Set(answer.endpoints);
  const separator = encodedSeparator(properties['namespace-separator']);
  return {
    properties,
    root: prefix ? `v1/${prefix.split('/').map(encodeURIComponent).join('/')}` : 'v1',
    supports: (route) => endpoints?.has(route),
    keyLifetime: durationOf(answer['idempotency-key-lifetime']),
    encode(namespace) {
      checkNamespace(namespace);
      if (namespace.some((level) => level.includes(decodeURIComponent(separator)))) {
        throw new SkuaError('INVALID_ARGUMENT', 'A level of a namespace holds what separates levels in this catalog.');
      }
      return namespace.map(encodeURIComponent).join(separator);
    },
  };
}

/** The specification gives the separator in its encoded form; a plain one is understood too. */
function encodedSeparator(separator: string | undefined): string {
  if (!separator) return '%1F';
  return /^(%[0-9A-Fa-f]{2})+$/.test(separator) ? separator : encodeURIComponent(separator);
}
