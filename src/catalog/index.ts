/** The Iceberg REST catalog, spoken to with the caller's own token. */
export type { Delegation, StaticStorage } from './access.js';
export type {
  Catalog,
  CatalogSession,
  CreateTableRequest,
  IdentifiedCommit,
  LoadedTable,
  LoadedView,
  Look,
  Namespace,
  TableIdentifier,
} from './contract.js';
export { CommitRefused, CommitStateUnknown, UnusableAnswer } from './errors.js';
export type { ReadTerms } from './read-terms.js';
export { createRestCatalog, type RestCatalog, type RestCatalogConfig } from './rest-catalog.js';
export type { TableCommit, TableRequirement, TableUpdate, ViewCommit, ViewUpdate } from './updates.js';
export { addedSnapshots } from './updates.js';
