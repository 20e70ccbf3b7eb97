/** Restrictions bound to the schema that a table is read with. */
import type { Barrier, Filter } from '../expressions/index.js';
import type { Schema } from '../iceberg/types.js';
import { fieldMasks, maskedColumns } from './masks.js';
import { placesOf } from './places.js';
import { type MaskAction, parseRestrictions, type ReadRestrictions } from './restrictions.js';
import { bindRowFilter } from './row-filter.js';
import { about, RuleViolation } from './violation.js';

export interface ReadBarrier extends Barrier {
  /** What all rows that the condition keeps satisfy, by the table's own values. */
  filter: Filter | undefined;
  /** Names of the columns that the condition reads. */
  conditionColumns: ReadonlySet<string>;
  /** Masked fields as a reader knows them: `email`, `address.city`, `tags.element`. */
  maskedFields: MaskedField[];
}

export interface MaskedField {
  /** The top-level column that is or holds it. */
  column: string;
  name: string;
  action: MaskAction;
}

/** The fields that restrictions mask, for those who describe the table; none where they can't be followed, and the table is not read. */
export function maskedFields(json: unknown, schema: Schema, formatVersion: number): MaskedField[] {
  try {
    const restrictions = parseRestrictions(json);
    if (!restrictions) return [];
    return bindRestrictions(restrictions, schema, { formatVersion, salt: () => '' }).maskedFields;
  } catch (error) {
    if (error instanceof RuleViolation) return [];
    throw error;
  }
}

/** What is to be done for a table's restrictions wherever its rows are read. What can't be done with the schema: RuleViolation. */
export function bindRestrictions(
  restrictions: ReadRestrictions,
  schema: Schema,
  { formatVersion, salt }: { formatVersion: number; salt: () => string },
): ReadBarrier {
  const places = placesOf(schema);
  const masks = about('column masks', () => fieldMasks(restrictions.masks, places));
  const columns = about('column masks', () => maskedColumns(schema, masks, salt));
  const { filter: predicate } = restrictions;
  const bound = predicate && about('a row filter', () => bindRowFilter(predicate, places, formatVersion));
  return {
    ...(bound && { condition: bound.condition }),
    masks: columns,
    filter: bound?.filter,
    conditionColumns: bound?.columns ?? new Set(),
    maskedFields: masks.map(({ action, place }) => ({ column: place.column.name, name: place.name, action })),
  };
}
