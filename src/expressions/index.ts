export type * from './columns.js';
export type * from './filter.js';
export type * from './literal.js';
