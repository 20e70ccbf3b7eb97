/** Fresh field ids for new columns. */
import type { NestedField, Type } from './types.js';

/** Numbers fields the way the reference implementation does: all fields of a struct first, then what is nested in them. */
export function assignFieldIds(fields: readonly NestedField[], firstFieldId = 1): NestedField[] {
  let next = firstFieldId;
  const assignFields = (siblings: readonly NestedField[]): NestedField[] => {
    const numbered = siblings.map((field) => ({ ...field, id: next++ }));
    return numbered.map((field) => ({ ...field, type: assignType(field.type) }));
  };
  const assignType = (type: Type): Type => {
    switch (type.kind) {
      case 'struct':
        return { kind: 'struct', fields: assignFields(type.fields) };
      case 'list': {
        const elementId = next++;
        return { ...type, elementId, element: assignType(type.element) };
      }
      case 'map': {
        const keyId = next++;
        const valueId = next++;
        return { ...type, keyId, valueId, key: assignType(type.key), value: assignType(type.value) };
      }
      default:
        return type;
    }
  };
  return assignFields(fields);
}
