/** What a catalog demands of whoever reads a table for a caller (Iceberg REST specification, `LoadTableResult`). */

/** The parts of a LoadTableResult that say how its table may be read. */
export interface TermsAnswer {
  config?: Record<string, string>;
  'read-restrictions'?: unknown;
}

export interface ReadTerms {
  /** `read-restrictions` as the catalog sent them; absent where they restrict nothing. */
  restrictions?: unknown;
  /** `scan-planning-mode` in lower case: `client`, `server`, or a word that this version does not know. */
  scanPlanningMode?: string;
}

/** The table's own planning mode counts more than that of the catalog's configuration. */
export function readTermsOf(catalog: Record<string, string>, answer: TermsAnswer): ReadTerms {
  const restrictions = answer['read-restrictions'];
  const mode = answer.config?.['scan-planning-mode'] ?? catalog['scan-planning-mode'];
  return {
    ...(!restrictsNothing(restrictions) && { restrictions }),
    ...(mode !== undefined && { scanPlanningMode: String(mode).toLowerCase() }),
  };
}

/** Whether the catalog lets the table be read as a whole, by a scan that is planned here. */
export function isFreelyReadable({ restrictions, scanPlanningMode = 'client' }: ReadTerms): boolean {
  return restrictions === undefined && scanPlanningMode === 'client';
}

/** Whatever is not known to be empty is taken for a restriction. */
function restrictsNothing(restrictions: unknown): boolean {
  if (restrictions === undefined || restrictions === null) return true;
  if (typeof restrictions !== 'object' || Array.isArray(restrictions)) return false;
  return Object.entries(restrictions).every(([name, rule]) => {
    if (rule === null) return name === 'required-row-filter' || name === 'required-column-projections';
    if (name === 'required-column-projections') return Array.isArray(rule) && rule.length === 0;
    return name === 'required-row-filter' && isAlwaysTrue(rule);
  });
}

function isAlwaysTrue(filter: unknown): boolean {
  if (filter === true) return true;
  if (typeof filter !== 'object' || filter === null) return false;
  return Object.keys(filter).length === 1 && (filter as { type?: unknown }).type === 'true';
}
