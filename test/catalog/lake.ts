import { afterEach, beforeEach } from 'vitest';
import { BearerToken } from '../../src/auth/principal.js';
import { createRestCatalog, type RestCatalog, type RestCatalogConfig } from '../../src/catalog/index.js';
import { CatalogServer } from './catalog-server.js';

export const token = new BearerToken('eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl');
export const events = { namespace: ['demo'], name: 'events' };
export const EVENTS = '/v1/quickstart/namespaces/demo/tables/events';
export const keys = { accessKeyId: 'STATIC', secretAccessKey: 'static-secret' };

/** Part of the catalog's answer for a table. */
export const vended = (id: string, expires = Date.now() + 3_600_000) =>
  `,"storage-credentials":[{"prefix":"s3://warehouse/demo/events","config":{"s3.access-key-id":"${id}",
      "s3.secret-access-key":"s","s3.session-token":"t","s3.session-token-expires-at-ms":"${expires}"}}]`;

/** A catalog's server for each test of the file, and the catalog `lake` as it is seen through it. */
export function useLake() {
  const lake = {
    server: undefined as unknown as CatalogServer,
    open: (options: Partial<RestCatalogConfig> = {}) => lake.forAll(options).as(token),
    /** Not yet as one caller sees it. */
    forAll(options: Partial<RestCatalogConfig> = {}): RestCatalog {
      const { uri } = lake.server;
      const catalog = createRestCatalog({ name: 'lake', uri, warehouse: 'w', delegation: 'none', ...options });
      catalogs.push(catalog);
      return catalog;
    },
  };
  let catalogs: RestCatalog[] = [];
  beforeEach(async () => {
    catalogs = [];
    lake.server = await CatalogServer.start();
  });
  afterEach(async () => {
    await lake.server.stop();
    await Promise.all(catalogs.map((catalog) => catalog.close()));
  });
  return lake;
}

/** The error that the work fails with. */
export async function failure(work: Promise<unknown>): Promise<Error & { code: string }> {
  return work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error) => error,
  );
}
