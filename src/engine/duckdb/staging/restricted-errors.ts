/** Errors of statements over restricted tables: what the engine says of a failure may quote what the caller must not see. */
import { SkuaError } from '../../../errors.js';
import type { BoundStatement, PinnedTable } from '../../contract.js';
import { DamagedFiles } from './damaged-files.js';

/** Whether the statement reads a table of which the catalog lets the caller see only a part. */
export function readsRestricted(statement: BoundStatement): boolean {
  return icebergTables(statement).some(({ restrictions }) => restrictions !== undefined);
}

/** The error without values and locations, where the statement reads a restricted table. */
export function withoutValues(statement: BoundStatement, error: unknown): unknown {
  if (!readsRestricted(statement) || !(error instanceof SkuaError)) return error;
  if (SPEAKS_OF_NO_VALUES.has(error.code)) return withoutPlaces(error);
  if (error instanceof DamagedFiles) {
    return new SkuaError(error.code, 'A file of a table is damaged that the catalog restricts for you');
  }
  const names = new Set(icebergTables(statement).flatMap(({ schema }) => schema.fields.map(({ name }) => name)));
  const message = error.message
    .replace(/'(?:[^']|'')*'/g, '…')
    .replace(/"((?:[^"]|"")*)"/g, (all, name: string) => (names.has(name) ? all : '…'))
    .replace(/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, '…')
    .replace(/(?<![\p{L}_\d])[-+]?\d[\d.,:T+-]*/gu, '…');
  return new SkuaError(error.code, message);
}

/** Places of files tell of partitions that are hidden. */
function withoutPlaces(error: SkuaError): SkuaError {
  const message = error.message.replace(/'[a-z][a-z0-9+.-]*:\/\/[^']*'|\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, '…');
  return message === error.message ? error : new SkuaError(error.code, message);
}

function icebergTables({ tables }: BoundStatement): PinnedTable[] {
  return tables.flatMap((bound) => ('table' in bound ? [bound.table] : []));
}

const SPEAKS_OF_NO_VALUES: ReadonlySet<string> = new Set([
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'UNAUTHENTICATED',
]);
