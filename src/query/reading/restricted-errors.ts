/** Errors of statements over restricted tables: what the engine says of a failure may quote what the caller must not see. */
import { SkuaError } from '../../errors.js';
import type { BoundQuery } from './bind.js';
import { DamagedFiles } from './damaged-files.js';

/** Whether the query reads a table of which the catalog lets the caller see only a part. */
export function readsRestricted({ tables }: Pick<BoundQuery, 'tables'>): boolean {
  return [...tables.values()].some(({ restrictions }) => restrictions !== undefined);
}

/** The error without values and locations, where the query reads a restricted table. */
export function withoutValues(bound: BoundQuery, error: unknown): unknown {
  if (!readsRestricted(bound) || !(error instanceof SkuaError) || SPEAKS_OF_NO_VALUES.has(error.code)) return error;
  if (error instanceof DamagedFiles) {
    return new SkuaError(error.code, 'A file of a table is damaged that the catalog restricts for you');
  }
  const names = new Set([...bound.tables.values()].flatMap(({ schema }) => schema.fields.map(({ name }) => name)));
  const message = error.message
    .replace(/'(?:[^']|'')*'/g, '…')
    .replace(/"((?:[^"]|"")*)"/g, (all, name: string) => (names.has(name) ? all : '…'))
    .replace(/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, '…')
    .replace(/(?<![\p{L}_\d])[-+]?\d[\d.,:T+-]*/gu, '…');
  return new SkuaError(error.code, message);
}

const SPEAKS_OF_NO_VALUES: ReadonlySet<string> = new Set([
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'UNAUTHENTICATED',
]);
