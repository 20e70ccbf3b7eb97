/** The life of a statement: classify, resolve, plan, stage, run. */
export { Turns } from './committing/turns.js';
export type * from './contract.js';
export type { QueryEnvironment, QueryLimits, SessionInstance } from './environment.js';
export { namingDataFiles } from './reading/file-names.js';
export { createStatementService } from './service.js';
export { namespaceOf, schemaName } from './tables/names.js';
