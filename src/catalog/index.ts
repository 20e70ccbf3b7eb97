/** The Iceberg REST catalog, spoken to with the caller's own token. */

export type { TableCommit, TableRequirement, TableUpdate } from '../iceberg/contract.js';
export type { Delegation, StaticStorage } from './access.js';
export { commitState } from './commit-state.js';
export type {
  Catalog,
  CatalogSession,
  CreateTableRequest,
  IdentifiedCommit,
  LoadedTable,
  LoadedView,
  LoadOptions,
  Namespace,
  PlanScan,
  Sending,
  TableIdentifier,
} from './contract.js';
export { CommitRefused, CommitStateUnknown, UnusableAnswer } from './errors.js';
export type { ReadTerms } from './read-terms.js';
export { RequestKey } from './request-key.js';
export { createRestCatalog, type RestCatalog, type RestCatalogConfig } from './rest-catalog.js';
export type { CatalogExchange } from './transport.js';
export type { ViewCommit, ViewUpdate } from './updates.js';
export { addedSnapshots } from './updates.js';
