/** Tables of which the catalog lets the caller see only a part. */
import { SkuaError } from '../../errors.js';
import { bindRestrictions, refusingViolations } from '../../governance/index.js';
import { displayName } from './names.js';
import type { PinnedTable } from './tables.js';

/** PERMISSION_DENIED of changes that would find, carry or remove rows and values that the caller may not see. */
export function refuseChanges({ name, restrictions }: PinnedTable, statement: string): void {
  if (!restrictions) return;
  throw new SkuaError(
    'PERMISSION_DENIED',
    `${statement} can't change ${displayName(name)}: its catalog restricts what you may see of it; new rows can be inserted, without RETURNING`,
  );
}

/** The same of maintenance, which goes through all manifests: UNIMPLEMENTED too where the table's catalog demands to plan its scans. */
export function refuseMaintenance(table: PinnedTable, statement: string): void {
  refuseChanges(table, statement);
  if (table.loaded.scanPlanningMode !== 'server') return;
  throw new SkuaError(
    'UNIMPLEMENTED',
    `${statement} can't be run on ${displayName(table.name)}: its catalog demands to plan scans (scan-planning-mode "server"); rows can be changed`,
  );
}

/** PERMISSION_DENIED of what tells of a restricted table as a whole. */
export function refuseInsight({ name, restrictions }: PinnedTable, what: string): void {
  if (!restrictions) return;
  throw new SkuaError(
    'PERMISSION_DENIED',
    `${what} of ${displayName(name)} can't be read: its catalog restricts what you may see of the table`,
  );
}

/** PERMISSION_DENIED of a change to a column that is masked for the caller, or that rows are filtered by. */
export function refuseColumnChanges(table: PinnedTable, columns: readonly string[]): void {
  if (!table.restrictions) return;
  const { schema, metadata } = table;
  const { masks, conditionColumns } = refusingViolations(displayName(table.name), () =>
    bindRestrictions(table.restrictions ?? { masks: new Map() }, schema, {
      formatVersion: metadata.formatVersion,
      salt: () => '',
    }),
  );
  const restricted = new Set([...masks.map(({ name }) => name), ...conditionColumns].map((name) => name.toLowerCase()));
  const odd = columns.find((name) => restricted.has(name.toLowerCase()));
  if (odd === undefined) return;
  throw new SkuaError(
    'PERMISSION_DENIED',
    `Column "${odd}" of ${displayName(table.name)} can't be altered: the catalog's rules for what you may see of the table depend on it`,
  );
}
