/** What operators see of the server. */
export { AuditLog, type AuditOptions } from './audit.js';
export { type Check, type CheckState, Health, type HealthOptions } from './health.js';
export { Lineage, type LineageOptions } from './lineage.js';
export { type CacheFigures, type MetricSources, Metrics } from './metrics.js';
export { openTraces } from './open-traces.js';
export { type ObservedCall, StatementLog, statementEntry } from './statement-log.js';
export type { TraceHeaders, TraceOptions, Traces } from './traces.js';
export { watchStatements } from './watched-statements.js';
