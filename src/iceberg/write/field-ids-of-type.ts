import { fieldsById } from '../schema.js';
import type { PrimitiveType, Schema } from '../types.js';

/** Ids of the fields of one type, at any depth. */
export function fieldIdsOfType(schema: Schema, wanted: PrimitiveType): Set<number> {
  return new Set(
    [...fieldsById(schema.fields).values()].flatMap(({ id, type }) =>
      type.kind === 'primitive' && type.type === wanted ? [id] : [],
    ),
  );
}
