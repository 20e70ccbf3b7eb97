import type { CatalogConfig, Config } from './schema.js';

/** How to reach the store of one catalog, as far as the configuration says. */
export type StoreAccess = CatalogConfig['storage'];

/**
 * The settings of `[catalogs.NAME.storage]` over those of `[storage]`. Static keys are there only where the catalog's
 * `credential_delegation` lets them be used, and a pair of keys is never mixed from both.
 */
export function storeAccessOf(config: Config, catalogName: string): StoreAccess {
  const catalog = config.catalogs[catalogName];
  if (catalog === undefined) throw new RangeError(`No catalog "${catalogName}" is configured.`);
  const own = catalog.storage;
  const access: StoreAccess = {
    endpoint: own.endpoint ?? config.storage.endpoint,
    region: own.region ?? config.storage.region,
    pathStyle: own.pathStyle ?? config.storage.pathStyle,
  };
  if (catalog.credentialDelegation === 'vended') return access;
  const { accessKeyId, secretAccessKey } = own.accessKeyId === undefined ? config.storage : own;
  const allowedLocations = own.allowedLocations ?? config.storage.allowedLocations;
  return { ...access, accessKeyId, secretAccessKey, allowedLocations };
}
