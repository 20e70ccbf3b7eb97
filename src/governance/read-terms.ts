import { SkuaError } from '../errors.js';
import { parseRestrictions, type ReadRestrictions } from './restrictions.js';
import { quoted, RuleViolation } from './violation.js';

/** What a catalog demands of whoever reads a table for a caller (Iceberg REST specification, `LoadTableResult`). */
export interface ReadTerms {
  /** `read-restrictions`, as JSON; absent where they restrict nothing. */
  restrictions?: unknown;
  /** `scan-planning-mode` in lower case. */
  scanPlanningMode?: string;
  /** How the catalog is asked to plan a scan, where it does. */
  planScan?: unknown;
}

/**
 * The restrictions under which a table may be read; undefined where there are none. Terms that can't be met are refused before anything of
 * the table is read: restrictions that are not known in every detail, and scans that the catalog wants to plan and can't: PERMISSION_DENIED; a planning
 * mode that is none of the specification's: UNIMPLEMENTED. The sentence names kinds of rules, actions and fields, never the values of a rule,
 * which tell about what is hidden.
 */
export function requireReadable(
  table: string,
  { restrictions, scanPlanningMode = 'client', planScan }: ReadTerms,
): ReadRestrictions | undefined {
  const known = refusingViolations(table, () => parseRestrictions(restrictions));
  if (scanPlanningMode === 'client') return known;
  if (scanPlanningMode === 'server' && planScan !== undefined) return known;
  if (scanPlanningMode === 'server') {
    throw new SkuaError(
      'PERMISSION_DENIED',
      `Table ${table} can't be read: its catalog demands to plan the scan itself (scan-planning-mode "server"), and does not say that it can`,
    );
  }
  throw new SkuaError(
    'UNIMPLEMENTED',
    `Table ${table} can't be read: its catalog demands a scan-planning-mode that is not known${quoted(scanPlanningMode)}`,
  );
}

/** A rule that can't be followed becomes PERMISSION_DENIED of the table. */
export function refusingViolations<T>(table: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RuleViolation)) throw error;
    const kind = error.kind ?? 'rules';
    throw new SkuaError(
      'PERMISSION_DENIED',
      `Table ${table} can't be read: its catalog restricts what you may see of it by ${kind} that this server can't enforce: ${error.message}`,
    );
  }
}
