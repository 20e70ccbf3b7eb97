/** The Iceberg REST catalog, spoken to with the caller's own token. */
export type { Delegation, StaticStorage } from './access.js';
export type {
  Catalog,
  CatalogSession,
  CreateTableRequest,
  LoadedTable,
  LoadedView,
  Namespace,
  TableCommit,
  TableIdentifier,
} from './contract.js';
export { CommitStateUnknown, UnusableAnswer } from './errors.js';
export type { ReadTerms } from './read-terms.js';
export { createRestCatalog, type RestCatalog, type RestCatalogConfig } from './rest-catalog.js';
