import { access, constants } from 'node:fs/promises';
import { KeySet } from '../auth/index.js';
import { type AuthConfig, type CatalogConfig, type Config, storeAccessOf } from '../config/index.js';
import { messageOf } from '../errors.js';

export interface CheckLine {
  ok: boolean;
  /** `issuer https://…`, `catalog quickstart`, `store http://…`, `folder /…`. */
  what: string;
  message: string;
}

const TIMEOUT = 5000;

/**
 * Whether the servers that a configuration names can be reached: one line for each issuer, catalog, store and file, in the order of the
 * configuration. Sends no token and no key, and shows none.
 */
export async function* checkServices(config: Config): AsyncGenerator<CheckLine> {
  const { certificate, key, clientCa } = config.server.tls;
  const files = [certificate, key, clientCa, ...config.storage.localRoots].filter((path) => path !== undefined);
  const checks = [
    ...config.auth.map(checkIssuer),
    ...reachable(config).map(({ check }) => check()),
    ...files.map(checkPath),
  ];
  for (const check of checks) yield await check;
}

/** The catalogs and stores that a configuration names, each with its check. */
export function reachable(config: Config): { what: string; check(): Promise<CheckLine> }[] {
  const catalogs = Object.entries(config.catalogs);
  const stores = new Set(
    catalogs.map(([name]) => storeAccessOf(config, name).endpoint).filter((endpoint) => endpoint !== undefined),
  );
  return [
    ...catalogs.map(([name, catalog]) => ({ what: `catalog ${name}`, check: () => checkCatalog(name, catalog) })),
    ...[...stores].map((endpoint) => ({ what: `store ${endpoint}`, check: () => checkStore(endpoint) })),
  ];
}

async function checkIssuer(auth: AuthConfig): Promise<CheckLine> {
  const what = `issuer ${auth.issuer}`;
  let reason = '';
  const keys = new KeySet(auth, {
    fetchTimeout: TIMEOUT,
    onFetchError: (_, failure) => {
      reason = failure;
    },
  });
  try {
    const { size } = await keys.current();
    if (size === 0) return { ok: false, what, message: 'publishes no keys, so every token would be refused' };
    return { ok: true, what, message: `publishes ${size} ${size === 1 ? 'key' : 'keys'}` };
  } catch {
    return { ok: false, what, message: reason };
  }
}

/** Without a token, a catalog refuses (401, 403) or answers; either shows that it is there (Iceberg REST specification, getConfig). */
async function checkCatalog(name: string, catalog: CatalogConfig): Promise<CheckLine> {
  const what = `catalog ${name}`;
  const url = new URL(`${catalog.uri.replace(/\/$/, '')}/v1/config`);
  if (catalog.warehouse !== undefined) url.searchParams.set('warehouse', catalog.warehouse);
  const shown = `${url.origin}${url.pathname}`;
  try {
    const status = await statusOf(url);
    if ([200, 400, 401, 403].includes(status)) return { ok: true, what, message: `reachable at ${shown}` };
    const hint = status === 404 ? '; is the uri the part before /v1?' : '';
    return { ok: false, what, message: `${shown} answers with status ${status}${hint}` };
  } catch (error) {
    return { ok: false, what, message: `${shown} can't be reached: ${reasonOf(error)}` };
  }
}

/** Any answer over HTTP will do: a store says nothing about itself to strangers. */
async function checkStore(endpoint: string): Promise<CheckLine> {
  const what = `store ${endpoint}`;
  try {
    const status = await statusOf(new URL(endpoint));
    return status >= 500
      ? { ok: false, what, message: `answers with status ${status}` }
      : { ok: true, what, message: 'reachable' };
  } catch (error) {
    return { ok: false, what, message: `can't be reached: ${reasonOf(error)}` };
  }
}

async function checkPath(path: string): Promise<CheckLine> {
  const what = `path ${path}`;
  try {
    await access(path, constants.R_OK);
    return { ok: true, what, message: 'readable' };
  } catch (error) {
    return { ok: false, what, message: `can't be read: ${reasonOf(error)}` };
  }
}

async function statusOf(url: URL): Promise<number> {
  const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT) });
  await response.body?.cancel();
  return response.status;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT / 1000} s`;
  const { code } = { ...(error as NodeJS.ErrnoException), ...(error.cause as NodeJS.ErrnoException | undefined) };
  return code ?? messageOf(error);
}
