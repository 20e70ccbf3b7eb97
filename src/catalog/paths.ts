import type { CatalogConfig } from './config.js';
import type { LoadOptions, TableIdentifier } from './contract.js';

/** What is asked of a table besides its name (Iceberg REST specification, `loadTable`). */
export function queryOf(config: CatalogConfig, { snapshots, referencedBy = [] }: LoadOptions): string {
  const views = referencedBy.map(({ namespace, name }) => config.encode([...namespace, name]));
  const parts = [
    ...(snapshots === 'refs' ? ['snapshots=refs'] : []),
    ...(views.length > 0 ? [`referenced-by=${views.join(',')}`] : []),
  ];
  return parts.length > 0 ? `?${parts.join('&')}` : '';
}

/** Path of a table below the catalog's URI. */
export function tablePath(config: CatalogConfig, { namespace, name }: TableIdentifier): string {
  return `${config.root}/namespaces/${config.encode(namespace)}/tables/${encodeURIComponent(name)}`;
}
