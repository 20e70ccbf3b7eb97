/** Read restrictions as a catalog sends them (Iceberg REST specification, `ReadRestrictions`). */
import { closed, fieldId, objectOf, type Predicate, parsePredicate } from './predicate.js';
import { about, quoted, RuleViolation } from './violation.js';

export const MASK_ACTIONS = [
  'mask-alphanum',
  'show-first-4',
  'show-last-4',
  'replace-with-null',
  'mask-to-fixed-value',
  'truncate-to-year',
  'truncate-to-month',
  'sha-256-global',
  'sha-256-query-local',
] as const;

export type MaskAction = (typeof MASK_ACTIONS)[number];

/** What may be read of a table. */
export interface ReadRestrictions {
  /** Of the rows that may be seen, by their own values. */
  filter?: Predicate;
  /** The form in which columns may be seen, by field id. */
  masks: ReadonlyMap<number, MaskAction>;
}

/** Parses restrictions strictly; those that restrict nothing are undefined. What is not known in every detail: RuleViolation. */
export function parseRestrictions(json: unknown): ReadRestrictions | undefined {
  if (json === undefined || json === null) return undefined;
  const object = objectOf(json, 'read-restrictions');
  closed(object, ['required-row-filter', 'required-column-projections']);
  const masks = about('column masks', () => parseMasks(object['required-column-projections']));
  const filter = about('a row filter', () => parseFilter(object['required-row-filter']));
  return filter || masks.size > 0 ? { ...(filter && { filter }), masks } : undefined;
}

function parseFilter(json: unknown): Predicate | undefined {
  if (json === undefined || json === null) return undefined;
  const filter = parsePredicate(json);
  return filter.op === 'true' ? undefined : filter;
}

function parseMasks(json: unknown): Map<number, MaskAction> {
  const masks = new Map<number, MaskAction>();
  if (json === undefined || json === null) return masks;
  if (!Array.isArray(json)) throw new RuleViolation('they are no list');
  for (const entry of json) {
    const object = objectOf(entry, 'one of them');
    const id = fieldId(object['field-id']);
    const action = MASK_ACTIONS.find((known) => known === object.action);
    if (!action) throw new RuleViolation(`the action${quoted(object.action)} for field ${id} is not known`);
    closed(object, ['action', 'field-id']);
    if (masks.has(id)) throw new RuleViolation(`field ${id} has two of them`);
    masks.set(id, action);
  }
  return masks;
}
