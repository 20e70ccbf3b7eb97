/** Field ids for files that were written without them (Iceberg spec, "Column Projection", "Name Mapping Serialization"). */
import type { PhysicalColumn } from '../expressions/index.js';
import { parseJson } from '../json.js';
import { asArray, asNumber, asObject, asString, malformed, optional } from './json-reader.js';
import { fieldsById } from './schema.js';
import type { Schema, TableMetadata } from './types.js';

export interface MappedField {
  fieldId?: number;
  names: string[];
  fields: MappedField[];
}

/** The table's `schema.name-mapping.default`; undefined where it has none. */
export function nameMapping(metadata: TableMetadata): MappedField[] | undefined {
  const text = metadata.properties['schema.name-mapping.default'];
  if (text === undefined) return undefined;
  return asArray(jsonOf(text), 'schema.name-mapping.default').map(parseMappedField);
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw malformed('schema.name-mapping.default', 'JSON');
  }
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

/** As the property holds it (Iceberg spec, "Name Mapping Serialization"). */
export function nameMappingToJson(mapping: readonly MappedField[]): unknown {
  return mapping.map(({ fieldId, names, fields }) => ({
    ...(fieldId !== undefined && { 'field-id': fieldId }),
    names,
    ...(fields.length > 0 && { fields: nameMappingToJson(fields) }),
  }));
}

/**
 * Fields that a file without ids does not have for its readers, whatever a manifest tells of its values: the table has a name mapping,
 * which lacks them.
 */
export function unmappedFields(metadata: TableMetadata, schema: Schema): Set<number> {
  const mapping = nameMapping(metadata);
  if (!mapping) return new Set();
  const mapped = new Set(mapping.flatMap(idsWithin));
  return new Set([...fieldsById(schema.fields).keys()].filter((id) => !mapped.has(id)));
}

function idsWithin({ fieldId, fields }: MappedField): number[] {
  return [...(fieldId === undefined ? [] : [fieldId]), ...fields.flatMap(idsWithin)];
}

/** Field ids by place: the first column is 1. What Iceberg's own reader does for a table without a name mapping. */
export function numberByPosition(columns: readonly PhysicalColumn[]): PhysicalColumn[] {
  return columns.map((column, index) => ({ ...column, fieldId: index + 1 }));
}

/** Groups that Parquet puts into lists and maps without a name of their own in the schema. */
const repeatedGroups = new Set(['list', 'key_value', 'map', 'bag', 'array']);
/** What writers call the element of a list. */
const elementNames = new Set(['element', 'item', 'array', 'array_element', 'array']);

/** The id of fields that a name mapping lacks: no column has it, so that they are not read. */
const unmappedId = -1;

/** The same tree with field ids by name. */
export function applyNameMapping(
  columns: readonly PhysicalColumn[],
  mapping: readonly MappedField[],
): PhysicalColumn[] {
  return columns.map((column) => {
    const mapped = find(column.name, mapping);
    if (!mapped) {
      const isGroup = repeatedGroups.has(column.name) && column.children.length > 0;
      const children = applyNameMapping(column.children, isGroup ? mapping : []);
      return isGroup ? { ...column, children } : { ...column, fieldId: unmappedId, children };
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
