/** Where the fields of a schema lie: masks and row filters name them by id, at any depth. */
import type { NestedField, Schema, Type } from '../iceberg/types.js';

export interface FieldPlace {
  type: Type;
  /** As a reader knows it: `address.city`, `tags.element`. */
  name: string;
  /** Whether it may be null. */
  isOptional: boolean;
  /** The top-level column that is or holds it. */
  column: NestedField;
  /** Names of struct fields from the column down; undefined inside lists and maps. */
  path: string[] | undefined;
  /** Ids of the fields around it. */
  ancestors: number[];
  /** It is the key of a map, or within one. */
  isKey: boolean;
}

/** All fields of the schema by id. */
export function placesOf(schema: Schema): Map<number, FieldPlace> {
  const places = new Map<number, FieldPlace>();
  const add = (id: number, place: FieldPlace): void => {
    places.set(id, place);
    const { type, name, path } = place;
    const ancestors = [...place.ancestors, id];
    const inside = (part: Type, isOptional: boolean, last: string, isKey = place.isKey): FieldPlace => ({
      ...place,
      type: part,
      isOptional,
      name: `${name}.${last}`,
      path: undefined,
      ancestors,
      isKey,
    });
    if (type.kind === 'struct') {
      for (const field of type.fields) {
        add(field.id, {
          ...inside(field.type, !field.required, field.name),
          path: path && [...path, field.name],
        });
      }
    } else if (type.kind === 'list') {
      add(type.elementId, inside(type.element, !type.elementRequired, 'element'));
    } else if (type.kind === 'map') {
      add(type.keyId, inside(type.key, false, 'key', true));
      add(type.valueId, inside(type.value, !type.valueRequired, 'value'));
    }
  };
  for (const column of schema.fields) {
    const { id, name, type, required } = column;
    add(id, { type, name, isOptional: !required, column, path: [], ancestors: [], isKey: false });
  }
  return places;
}
