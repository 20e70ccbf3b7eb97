import { SkuaError } from '../errors.js';

/** What a catalog demands of whoever reads a table for a caller (Iceberg REST specification, `LoadTableResult`). */
export interface ReadTerms {
  /** `read-restrictions`, as JSON; absent where they restrict nothing. */
  restrictions?: unknown;
  /** `scan-planning-mode` in lower case. */
  scanPlanningMode?: string;
}

const KINDS: Record<string, string> = {
  'required-row-filter': 'a row filter',
  'required-column-projections': 'column masks',
};

/**
 * Refuses a table under terms that can't be met, before anything of it is read. Restrictions, and scans that the catalog wants to plan:
 * PERMISSION_DENIED; a planning mode that is none of the specification's: UNIMPLEMENTED. The sentence names kinds of rules, never their
 * values, which tell about what is hidden.
 */
export function requireReadable(table: string, { restrictions, scanPlanningMode = 'client' }: ReadTerms): void {
  if (restrictions !== undefined) {
    throw new SkuaError(
      'PERMISSION_DENIED',
      `Table ${table} can't be read: its catalog restricts what you may see of it by ${kindsOf(restrictions)}, which this server can't enforce`,
    );
  }
  if (scanPlanningMode === 'client') return;
  if (scanPlanningMode === 'server') {
    throw new SkuaError(
      'PERMISSION_DENIED',
      `Table ${table} can't be read: its catalog demands to plan the scan itself (scan-planning-mode "server"), which this server does not support`,
    );
  }
  throw new SkuaError(
    'UNIMPLEMENTED',
    `Table ${table} can't be read: its catalog demands a scan-planning-mode that is not known${quoted(scanPlanningMode)}`,
  );
}

function kindsOf(restrictions: unknown): string {
  if (typeof restrictions !== 'object' || restrictions === null || Array.isArray(restrictions)) {
    return 'rules that do not follow the specification';
  }
  const kinds = Object.entries(restrictions)
    .filter(([, rule]) => rule !== null)
    .map(([name]) => KINDS[name] ?? `a rule of an unknown kind${quoted(name)}`);
  return kinds.length > 1 ? `${kinds.slice(0, -1).join(', ')} and ${kinds.at(-1)}` : (kinds[0] ?? 'a rule');
}

/** Words of the protocol alone: anything else may hold what is to stay hidden. */
function quoted(word: string): string {
  return /^[a-z][a-z0-9-]{0,63}$/i.test(word) ? ` ("${word}")` : '';
}
