import { fieldsById } from './schema.js';
import type { DataFile, NestedField } from './types.js';

/** Ids of the floating-point fields among and inside of the given ones. */
export function floatingFieldIds(fields: readonly NestedField[]): number[] {
  return [...fieldsById(fields).values()].flatMap(({ id, type }) =>
    type.kind === 'primitive' && (type.type === 'float' || type.type === 'double') ? [id] : [],
  );
}

/** Ids of the fields that hold no NaN in a file, where its writer counted them (Iceberg spec, `nan_value_counts`). */
export function fieldsWithoutNan({ nanCounts }: DataFile): Set<number> {
  return new Set([...(nanCounts ?? [])].flatMap(([id, count]) => (count === 0 ? [id] : [])));
}
