import type { Field } from 'apache-arrow';

/** All that decides how a field's values are read, as JSON has it: name, type, metadata, and the same of its children. */
export function shapeOf({ name, type, metadata }: Field): unknown {
  const children = (type.children ?? []) as Field[];
  return [name, type.typeId, String(type), [...metadata], children.map(shapeOf)];
}
