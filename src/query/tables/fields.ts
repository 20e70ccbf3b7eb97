import { SkuaError } from '../../errors.js';
import type { NestedField } from '../../iceberg/types.js';

/** A field by name, in any case. Unknown: INVALID_ARGUMENT. */
export function fieldNamed(fields: readonly NestedField[], name: string): NestedField {
  const folded = name.toLowerCase();
  const field =
    fields.find((candidate) => candidate.name === name) ??
    fields.find((candidate) => candidate.name.toLowerCase() === folded);
  if (!field) {
    const known = fields.map((candidate) => candidate.name).join(', ');
    throw new SkuaError('INVALID_ARGUMENT', `Column "${name}" does not exist; there are ${known}`);
  }
  return field;
}
