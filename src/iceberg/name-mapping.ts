/** Field ids for files that were written without them (Iceberg spec, "Column Projection", "Name Mapping Serialization"). */
import type { PhysicalColumn } from '../engine/contract.js';
import { parseJson } from '../json.js';
import { asArray, asNumber, asObject, asString, optional } from './json-reader.js';
import { currentSchema } from './snapshots.js';
import type { NestedField, TableMetadata, Type } from './types.js';

export interface MappedField {
  fieldId?: number;
  names: string[];
  fields: MappedField[];
}

/** The table's `schema.name-mapping.default`; without one, the names of its current schema. */
export function nameMapping(metadata: TableMetadata): MappedField[] {
  const text = metadata.properties['schema.name-mapping.default'];
  if (text === undefined) return currentSchema(metadata).fields.map(mappedField);
  return asArray(parseJson(text), 'schema.name-mapping.default').map(parseMappedField);
}

function parseMappedField(json: unknown): MappedField {
  const where = 'schema.name-mapping.default';
  const object = asObject(json, where);
  const fieldId = optional(object['field-id'], where, asNumber);
  return {
    ...(fieldId !== undefined && { fieldId }),
    names: asArray(object.names ?? [], where).map((name) => asString(name, where)),
    fields: asArray(object.fields ?? [], where).map(parseMappedField),
  };
}

function mappedField(field: NestedField): MappedField {
  return { fieldId: field.id, names: [field.name], fields: mappedChildren(field.type) };
}

function mappedChildren(type: Type): MappedField[] {
  if (type.kind === 'struct') return type.fields.map(mappedField);
  if (type.kind === 'list')
    return [{ fieldId: type.elementId, names: ['element'], fields: mappedChildren(type.element) }];
  if (type.kind === 'map') {
    return [
      { fieldId: type.keyId, names: ['key'], fields: mappedChildren(type.key) },
      { fieldId: type.valueId, names: ['value'], fields: mappedChildren(type.value) },
    ];
  }
  return [];
}

/** Groups that Parquet puts into lists and maps without a name of their own in the schema. */
const repeatedGroups = new Set(['list', 'key_value', 'map', 'bag', 'array']);
/** What writers call the element of a list. */
const elementNames = new Set(['element', 'item', 'array', 'array_element', 'array']);

/** The same tree with field ids by name. A column that the mapping does not know keeps none, and is not read. */
export function applyNameMapping(
  columns: readonly PhysicalColumn[],
  mapping: readonly MappedField[],
): PhysicalColumn[] {
  return columns.map((column) => {
    const mapped = find(column.name, mapping);
    if (!mapped) {
      const isGroup = repeatedGroups.has(column.name) && column.children.length > 0;
      return { ...column, children: applyNameMapping(column.children, isGroup ? mapping : []) };
    }
    const children = applyNameMapping(column.children, mapped.fields);
    return mapped.fieldId === undefined ? { ...column, children } : { ...column, fieldId: mapped.fieldId, children };
  });
}

function find(name: string, mapping: readonly MappedField[]): MappedField | undefined {
  const direct = mapping.find(({ names }) => names.includes(name));
  if (direct || mapping.length !== 1 || !elementNames.has(name)) return direct;
  return mapping.find(({ names }) => names.includes('element'));
}
