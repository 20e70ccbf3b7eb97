/** Takes a Parquet file that others wrote into a table, as it is. */
import { SkuaError, toSkuaError } from '../../errors.js';
import type { PhysicalColumn } from '../../expressions/index.js';
import { type ParquetFooter, readFooter } from '../../parquet/index.js';
import type { Storage } from '../../storage/contract.js';
import { applyNameMapping, type MappedField, nameMapping } from '../name-mapping.js';
import { fieldsById } from '../schema.js';
import { currentSchema } from '../snapshots.js';
import { typeToSql } from '../sql-type.js';
import type { DataFile, NestedField, PartitionValue, TableMetadata } from '../types.js';
import { canBeReadAs, dataFileFromFooter } from './imported-file.js';

export interface FileToImport {
  location: string;
  /** Bytes. */
  size: number;
  specId: number;
  partition: PartitionValue[];
}

/**
 * `isNamed`: the file has no field ids, so that its columns are found by the table's name mapping. No Parquet file, columns of other types than the
 * table's, field ids of other columns, or a required column that it lacks: INVALID_ARGUMENT naming it.
 */
export async function importFile(
  storage: Storage,
  metadata: TableMetadata,
  given: FileToImport,
  signal?: AbortSignal,
): Promise<{ file: DataFile; isNamed: boolean }> {
  const footer = await footerOf(storage, given, signal);
  const isNamed = !footer.columns.some(hasFieldId);
  const mapping = nameMapping(metadata) ?? mappingByName(currentSchema(metadata).fields);
  const columns = isNamed ? applyNameMapping(footer.columns, mapping) : footer.columns;
  checkColumns(metadata, given, columns);
  return { file: dataFileFromFooter({ ...given, footer, columns }, metadata), isNamed };
}

async function footerOf(
  storage: Storage,
  { location, size }: FileToImport,
  signal?: AbortSignal,
): Promise<ParquetFooter> {
  try {
    return await readFooter(storage, location, size, signal);
  } catch (error) {
    const { code, message } = toSkuaError(error);
    if (code !== 'DATA_LOSS') throw error;
    throw new SkuaError('INVALID_ARGUMENT', message, { cause: error });
  }
}

function hasFieldId(column: PhysicalColumn): boolean {
  return column.fieldId !== undefined || column.children.some(hasFieldId);
}

/** Each column by its name. */
export function mappingByName(fields: readonly NestedField[]): MappedField[] {
  return fields.map(({ id, name, type }) => ({ fieldId: id, names: [name], fields: mappingByName(partsOf(type)) }));
}

function partsOf(type: NestedField['type']): NestedField[] {
  const part = (id: number, name: string, of: NestedField['type']): NestedField => ({
    id,
    name,
    required: false,
    type: of,
  });
  if (type.kind === 'struct') return type.fields;
  if (type.kind === 'list') return [part(type.elementId, 'element', type.element)];
  if (type.kind === 'map') return [part(type.keyId, 'key', type.key), part(type.valueId, 'value', type.value)];
  return [];
}

function checkColumns(metadata: TableMetadata, given: FileToImport, columns: readonly PhysicalColumn[]): void {
  const { fields } = currentSchema(metadata);
  const known = fieldsById(fields);
  const names = new Map<number, Set<string>>();
  for (const schema of metadata.schemas) {
    for (const { id, name } of fieldsById(schema.fields).values())
      names.set(id, (names.get(id) ?? new Set()).add(name));
  }
  const refuse = (problem: string) => new SkuaError('INVALID_ARGUMENT', `The file ${given.location} ${problem}`);
  const found = new Set<number>();
  const look = (column: PhysicalColumn) => {
    const { fieldId, name } = column;
    if (fieldId !== undefined) {
      if (found.has(fieldId)) throw refuse(`has two columns with the field id ${fieldId}`);
      if (fieldId >= 0) found.add(fieldId);
      const field = known.get(fieldId);
      const isPart = ['element', 'key', 'value'].includes(field?.name ?? '');
      if (field && !isPart && !names.get(fieldId)?.has(name)) {
        throw refuse(
          `gives its column "${name}" the field id ${fieldId}, which in the table is that of "${field.name}"`,
        );
      }
      if (field && !canBeReadAs(field.type, column)) {
        throw refuse(`has a column "${name}" whose values can't be read as ${typeToSql(field.type)}`);
      }
    }
    column.children.forEach(look);
  };
  columns.forEach(look);
  const spec = metadata.partitionSpecs.find(({ specId }) => specId === given.specId);
  const inPath = new Set(
    spec?.fields.flatMap(({ transform, sourceIds }) => (transform === 'identity' ? sourceIds : [])),
  );
  const missing = fields.find(
    ({ id, required, initialDefault }) => required && !found.has(id) && !inPath.has(id) && initialDefault === undefined,
  );
  if (missing) throw refuse(`has no column "${missing.name}", which the table requires`);
}
