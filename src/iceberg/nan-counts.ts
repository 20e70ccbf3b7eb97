import { fieldsById } from './schema.js';
import type { DataFile, NestedField } from './types.js';
import { decodeValue } from './values/single-value.js';

/** Ids of the floating-point fields among and inside of the given ones. */
export function floatingFieldIds(fields: readonly NestedField[]): number[] {
  return [...fieldsById(fields).values()].flatMap(({ id, type }) =>
    type.kind === 'primitive' && (type.type === 'float' || type.type === 'double') ? [id] : [],
  );
}

/**
 * Ids of the fields that hold no NaN in a file, where its writer counted them (Iceberg spec, `nan_value_counts`) and took none for a bound.
 */
export function fieldsWithoutNan({ nanCounts, lowerBounds, upperBounds }: DataFile): Set<number> {
  const hasNanBound = (id: number) => [lowerBounds, upperBounds].some((bounds) => isNan(bounds?.get(id)));
  return new Set([...(nanCounts ?? [])].flatMap(([id, count]) => (count === 0 && !hasNanBound(id) ? [id] : [])));
}

function isNan(bytes: Uint8Array | undefined): boolean {
  const type = bytes?.length === 8 ? 'double' : 'float';
  return bytes !== undefined && Number.isNaN(decodeValue({ kind: 'primitive', type }, bytes));
}
