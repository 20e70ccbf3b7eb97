/** Speaks to a catalog as any HTTP client would. */
import type { EmbeddedStack } from '../../src/embedded/index.js';
import { parseJson, writeJson } from '../../src/json.js';

export interface CatalogAnswer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of many shapes.
  body: any;
}

export type Ask = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<CatalogAnswer>;

/** Requests below `/v1/quickstart` with one user's token. */
export async function asUser(stack: EmbeddedStack, user: string): Promise<Ask> {
  return withToken(stack.catalog.uri, await stack.token(user));
}

export function withToken(uri: string, token: string): Ask {
  return async (method, path, body, headers) => {
    const response = await fetch(`${uri}/v1/${path.startsWith('/') ? path.slice(1) : `quickstart/${path}`}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : writeJson(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : parseJson(text) };
  };
}

/** A table of a long and a string. */
export function tableRequest(name: string, rest: Record<string, unknown> = {}) {
  return {
    name,
    schema: {
      type: 'struct',
      'schema-id': 0,
      fields: [
        { id: 5, name: 'id', required: false, type: 'long' },
        { id: 7, name: 's', required: false, type: 'string' },
      ],
    },
    ...rest,
  };
}

/** Properties of a catalog that lets views be dropped and tables be purged. */
export const purging = { 'polaris.config.drop-with-purge.enabled': 'true' };

/** A snapshot of the table at that location. */
export function snapshotAt(location: string, id: bigint, rest: Record<string, unknown> = {}) {
  return {
    'snapshot-id': id,
    'sequence-number': 1,
    'timestamp-ms': 1_795_531_118_232,
    'manifest-list': `${location}/metadata/snap.avro`,
    summary: { operation: 'append' },
    'schema-id': 0,
    ...rest,
  };
}

export function refusal(type: string, code: number, message: string) {
  return { error: { message, type, code } };
}
