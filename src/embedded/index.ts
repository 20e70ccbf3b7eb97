/** A complete stand-in for a laptop: an OpenID Connect issuer and an Iceberg REST catalog with its warehouse, both spoken to over HTTP. */
export type { LoggedRequest, RequestLog } from './http/request-log.js';
export { type Issuer, type IssuerOptions, startIssuer } from './issuer/issuer.js';
export type { SigningAlgorithm } from './issuer/keys.js';
export type { IssueOptions } from './issuer/tokens.js';
export type { UserSettings } from './issuer/users.js';
export type { TrustedIssuer } from './rest/authentication.js';
export { type CatalogOptions, type EmbeddedCatalog, startCatalog } from './rest/catalog.js';
export type { PlanningOptions } from './rest/plans.js';
export type { Policy } from './rest/policies.js';
export type { Grants, Privilege } from './rest/privileges.js';
export { type EmbeddedStack, type EmbeddedStackOptions, startEmbeddedStack } from './stack.js';
export type { S3WarehouseSettings } from './warehouse/s3.js';
export type { StsSettings } from './warehouse/sts.js';
