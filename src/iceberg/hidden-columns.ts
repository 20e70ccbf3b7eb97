/** Columns that every table has without its schema saying so (Iceberg spec, "Reserved Field IDs" and "Row Lineage"). */
import type { Literal, TableColumn } from '../expressions/index.js';
import { fieldToArrow } from './arrow-field.js';
import { partitionColumns, unifiedPartition } from './metadata-tables/partition-column.js';
import type { DataFile, PrimitiveType, TableMetadata, Type } from './types.js';
import { valueToLiteral } from './values/text-value.js';

const specIdFieldId = 2147483643;
const partitionFieldId = 2147483642;
const lastUpdatedFieldId = 2147483539;

interface HiddenColumn {
  id: number;
  type: (metadata: TableMetadata) => Type;
  computed?: TableColumn['computed'];
  sinceVersion?: number;
}

const primitive = (type: PrimitiveType) => (): Type => ({ kind: 'primitive', type });

const columns: Record<string, HiddenColumn> = {
  _file: { id: 2147483646, type: primitive('string'), computed: 'file' },
  _pos: { id: 2147483645, type: primitive('long'), computed: 'position' },
  _spec_id: { id: specIdFieldId, type: primitive('int') },
  _partition: { id: partitionFieldId, type: partitionType, computed: 'partition' },
  _row_id: { id: 2147483540, type: primitive('long'), computed: 'rowId', sinceVersion: 3 },
  _last_updated_sequence_number: {
    id: lastUpdatedFieldId,
    type: primitive('long'),
    computed: 'lastUpdated',
    sinceVersion: 3,
  },
};

/** The names that DuckDB has for two of them. They are common words, which no query may find by accident. */
const otherNames: Record<string, HiddenColumn> = {
  filename: { id: 2147482900, type: primitive('string'), computed: 'file' },
  file_row_number: { id: 2147482899, type: primitive('long'), computed: 'position' },
};

export const OTHER_HIDDEN_NAMES = Object.keys(otherNames);

/** The names of all hidden columns, in tables of any format version; those that a version lacks are null in each row. */
export const HIDDEN_NAMES = [...Object.keys(columns), ...OTHER_HIDDEN_NAMES];

/** The names of hidden columns that a table of this format version has. */
export function hiddenColumnNames(metadata: TableMetadata): string[] {
  return Object.entries(columns).flatMap(([name, { sinceVersion }]) =>
    metadata.formatVersion >= (sinceVersion ?? 1) ? [name] : [],
  );
}

/** The named hidden columns, as a table binding takes them. */
export function hiddenColumns(metadata: TableMetadata, names: readonly string[]): TableColumn[] {
  return names.flatMap((name) => {
    const hidden = columns[name] ?? otherNames[name];
    if (!hidden) return [];
    const type = hidden.type(metadata);
    const field = fieldToArrow({ id: hidden.id, name, required: false, type });
    const isLacking = metadata.formatVersion < (hidden.sinceVersion ?? 1);
    const isUnknown = type.kind === 'primitive' && type.type === 'unknown';
    const computed = isLacking || isUnknown ? undefined : hidden.computed;
    return [{ field, fieldId: hidden.id, ...(computed && { computed }) }];
  });
}

/** A struct with a field for each partition field; always null in a table that never was partitioned. */
function partitionType(metadata: TableMetadata): Type {
  const fields = partitionColumns(metadata);
  return fields.length > 0 ? { kind: 'struct', fields } : { kind: 'primitive', type: 'unknown' };
}

/** What the hidden columns of one file hold, as the engine takes them; constants are by field id. */
export function hiddenValues(
  metadata: TableMetadata,
  file: DataFile,
): { constants: [number, Literal | null][]; partition: (Literal | null)[]; firstRowId?: bigint } {
  const integer = (value: number): Literal => ({ type: 'integer', text: String(value) });
  const fields = partitionColumns(metadata);
  const values = unifiedPartition(metadata, fields, file);
  const assigned = file.firstRowId !== undefined && file.sequenceNumber !== undefined;
  return {
    constants: [
      [specIdFieldId, integer(file.specId)],
      [lastUpdatedFieldId, assigned ? integer(file.sequenceNumber ?? 0) : null],
    ],
    partition: fields.map(({ type }, index) => {
      const value = values[index] ?? null;
      return value === null ? null : (valueToLiteral(type, value) ?? null);
    }),
    ...(file.firstRowId !== undefined && { firstRowId: file.firstRowId }),
  };
}
