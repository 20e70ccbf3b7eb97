export type * from './barrier.js';
export type * from './columns.js';
export type * from './filter.js';
export type * from './literal.js';
export { outermostTimeSql } from './outermost-times.js';
export { isTime, timeSql } from './times.js';
