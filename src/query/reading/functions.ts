import type { TableScan } from '../../engine/contract.js';
import type { StatementContext } from '../environment.js';
import { escapeFunctions } from '../escapes/index.js';
import { sessionFunctions } from '../session/session-values.js';

/** A binding that gives a query the functions that its text calls; none where it calls none. */
export function functionsFor(context: StatementContext, sql: string): TableScan[] {
  const functions = [...sessionFunctions(context, sql), ...escapeFunctions(sql)];
  if (functions.length === 0) return [];
  return [{ name: 'functions', columns: [], source: { kind: 'count', rowCount: 0 }, functions }];
}
