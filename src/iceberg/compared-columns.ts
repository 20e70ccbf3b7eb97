/** Where the fields are that equality deletes compare (Iceberg spec, "Equality Delete Files"). */

import { SkuaError } from '../errors.js';
import type { ComparedColumn } from '../expressions/index.js';
import { tableColumn } from './arrow-field.js';
import type { NestedField, Schema, TableMetadata } from './types.js';

/**
 * The field with that id in the schema or, where it was dropped, in the newest schema that had it. DATA_LOSS where the table never had such
 * a field, or had it inside a list or map.
 */
export function comparedColumn(metadata: TableMetadata, schema: Schema, fieldId: number): ComparedColumn {
  const older = [...metadata.schemas].sort((left, right) => right.schemaId - left.schemaId);
  for (const candidate of [schema, ...older]) {
    for (const field of candidate.fields) {
      const path = pathWithin(field, fieldId);
      if (path) return { fieldId, column: tableColumn(field), path };
    }
  }
  throw new SkuaError('DATA_LOSS', `An equality delete compares the field ${fieldId}, which the table never had`);
}

function pathWithin(field: NestedField, fieldId: number): string[] | undefined {
  if (field.id === fieldId) return [];
  if (field.type.kind !== 'struct') return undefined;
  for (const child of field.type.fields) {
    const below = pathWithin(child, fieldId);
    if (below) return [child.name, ...below];
  }
  return undefined;
}
