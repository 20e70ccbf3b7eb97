/** Iceberg schemas as they stand in table metadata, told apart from the server's own reading of them. */

/**
 * A type of the metadata's JSON: `{ kind }` with `fields`, `element` or `entryKey` and `value` where it is nested; each of them is a field
 * `{ id, name, type, optional }`.
 */
function typeOf(json) {
  if (typeof json === 'string') {
    const [, precision, scale] = /^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/.exec(json) ?? [];
    if (precision) return { kind: 'decimal', precision: Number(precision), scale: Number(scale), text: json };
    const [, width] = /^fixed\[\s*(\d+)\s*\]$/.exec(json) ?? [];
    if (width) return { kind: 'fixed', width: Number(width), text: json };
    return { kind: /^[a-z_]+/.exec(json)[0], text: json };
  }
  switch (json.type) {
    case 'struct':
      return { kind: 'struct', fields: json.fields.map(fieldOf) };
    case 'list':
      return {
        kind: 'list',
        element: field(json['element-id'], 'element', json.element, !json['element-required']),
      };
    default:
      return {
        kind: 'map',
        entryKey: field(json['key-id'], 'key', json.key, false),
        value: field(json['value-id'], 'value', json.value, !json['value-required']),
      };
  }
}

const field = (id, name, type, optional) => ({ id, name, optional, type: typeOf(type) });
const fieldOf = ({ id, name, type, required }) => field(id, name, type, !required);

/** The fields of the schema that a state is read with: of a snapshot, or the current one. */
export function fieldsAt(metadata, snapshotId) {
  const snapshot = metadata.snapshots?.find((one) => String(one['snapshot-id']) === String(snapshotId));
  const id = snapshot?.['schema-id'] ?? metadata['current-schema-id'] ?? metadata.schema?.['schema-id'];
  const schemas = metadata.schemas ?? [metadata.schema];
  return schemas.find((schema) => schema['schema-id'] === id).fields.map(fieldOf);
}

/**
 * All fields at any depth: `{ field, path, around, isKey, isRepeated }`. `path` leads from a row to the value by indexes of fields; `around`
 * are the ids of the fields it lies in. `isRepeated`: it lies in a list or a map, and has no one value in a row.
 */
export function placesIn(fields) {
  const places = [];
  const visit = (one, place) => {
    places.push({ field: one, ...place });
    const { type } = one;
    const inner = { ...place, around: [...place.around, one.id] };
    if (type.kind === 'struct') {
      for (const [index, child] of type.fields.entries()) visit(child, { ...inner, path: [...place.path, index] });
    } else if (type.kind === 'list') {
      visit(type.element, { ...inner, isRepeated: true });
    } else if (type.kind === 'map') {
      visit(type.entryKey, { ...inner, isRepeated: true, isKey: true });
      visit(type.value, { ...inner, isRepeated: true });
    }
  };
  for (const [index, one] of fields.entries()) {
    visit(one, { path: [index], around: [], isKey: false, isRepeated: false });
  }
  return places;
}

/** The value that a path leads to; null where something on the way is. */
export function valueAt(row, path) {
  return path.reduce((value, index) => (value === null ? null : value[index]), row);
}
