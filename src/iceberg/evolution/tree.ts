/** Schemas as trees whose every node goes by a path of names; the parts of lists and maps are `element`, `key` and `value`. */
import { SkuaError } from '../../errors.js';
import type { NestedField, Type } from '../types.js';

/** A field among its siblings. */
export interface Place {
  siblings: readonly NestedField[];
  index: number;
  field: NestedField;
  /** What the siblings are parts of; undefined for columns. */
  parent: NestedField | undefined;
}

/** What a type consists of; nothing for single values. */
export function partsOf(type: Type): NestedField[] {
  switch (type.kind) {
    case 'struct':
      return type.fields;
    case 'list':
      return [{ id: type.elementId, name: 'element', required: type.elementRequired, type: type.element }];
    case 'map':
      return [
        { id: type.keyId, name: 'key', required: true, type: type.key },
        { id: type.valueId, name: 'value', required: type.valueRequired, type: type.value },
      ];
    default:
      return [];
  }
}

function withParts(type: Type, parts: readonly NestedField[]): Type {
  const [first, second] = parts as [NestedField, NestedField];
  switch (type.kind) {
    case 'struct':
      return { kind: 'struct', fields: [...parts] };
    case 'list':
      return { ...type, elementRequired: first.required, element: first.type };
    case 'map':
      return { ...type, valueRequired: second.required, value: second.type };
    default:
      return type;
  }
}

/** The ids of a field and of all that is inside it. */
export function idsWithin(field: NestedField): number[] {
  return [field.id, ...partsOf(field.type).flatMap(idsWithin)];
}

/** By name, in any case where no name is exactly that. */
export function indexOfName(fields: readonly NestedField[], name: string): number {
  const exact = fields.findIndex((field) => field.name === name);
  if (exact >= 0) return exact;
  const folded = name.toLowerCase();
  return fields.findIndex((field) => field.name.toLowerCase() === folded);
}

/** The place of the field that a path leads to; undefined where there is none. */
export function placeOf(
  fields: readonly NestedField[],
  path: readonly string[],
  parent?: NestedField,
): Place | undefined {
  const index = indexOfName(fields, path[0] as string);
  const field = fields[index];
  if (!field) return undefined;
  if (path.length === 1) return { siblings: fields, index, field, parent };
  return placeOf(partsOf(field.type), path.slice(1), field);
}

/** The same, where there has to be one: INVALID_ARGUMENT that names what there is. */
export function requirePlace(fields: readonly NestedField[], path: readonly string[]): Place {
  const place = placeOf(fields, path);
  if (place) return place;
  const above = path.length > 1 ? placeOf(fields, path.slice(0, -1)) : undefined;
  const known = (above ? partsOf(above.field.type) : fields).map(({ name }) => name).join(', ');
  throw new SkuaError('INVALID_ARGUMENT', `Column "${path.join('.')}" does not exist; there are ${known}`);
}

/** The tree with other siblings at the end of a path; `[]` means the columns. */
export function withSiblings(
  fields: readonly NestedField[],
  path: readonly string[],
  change: (siblings: readonly NestedField[]) => NestedField[],
): NestedField[] {
  if (path.length === 0) return change(fields);
  const index = indexOfName(fields, path[0] as string);
  return fields.map((field, at) =>
    at === index
      ? { ...field, type: withParts(field.type, withSiblings(partsOf(field.type), path.slice(1), change)) }
      : field,
  );
}

/** The names that lead to the field of that id; undefined where there is none. */
export function fieldPath(fields: readonly NestedField[], id: number): string[] | undefined {
  for (const field of fields) {
    if (field.id === id) return [field.name];
    const below = fieldPath(partsOf(field.type), id);
    if (below) return [field.name, ...below];
  }
  return undefined;
}
