/** The life of a statement: classify, resolve, plan, stage, run. */
export { removeUncommitted } from './committing/recovery.js';
export { Turns } from './committing/turns.js';
export type * from './contract.js';
export type { QueryEnvironment, QueryLimits } from './environment.js';
export type { ColumnLineage, InputField } from './lineage/column-lineage.js';
export { createStatementService } from './service.js';
export { TIME_ZONE, timeZoneOf } from './session/time-zone.js';
export { markPhase, type PhaseMark, type StatementRun, type TouchedTable } from './statement-run.js';
export { answerSystemQuestion } from './system/answer.js';
export type * from './system/contract.js';
export { displayName, namespaceOf, schemaName } from './tables/names.js';
