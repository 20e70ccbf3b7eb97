import type { Field } from 'apache-arrow';
import type { Literal } from './literal.js';

export interface TableColumn {
  /** Name, Arrow type and nullability. A UUID is FixedSizeBinary(16) with the `arrow.uuid` extension in the field's metadata. */
  field: Field;
  /** Iceberg field id; nested field ids are in the field metadata of the children under `PARQUET:field_id`. */
  fieldId: number;
  /** Value for files without the column (Iceberg `initial-default`), as a literal; absent means null. */
  initialDefault?: Literal;
  /** The same for the column's own and all inner fields that are structs or inside them, by field id. */
  nestedDefaults?: NestedDefaults;
  /**
   * A column that no file holds, or not every file: the file's location, the row's position in its file, the file's partition as a struct,
   * the row's id (Iceberg spec, "Row Lineage"), the sequence number of its last change.
   */
  computed?: 'file' | 'position' | 'partition' | 'rowId' | 'lastUpdated';
}

/** Literals of leaves; a struct that is not null itself, and whose fields have defaults of their own, is `struct`. */
export type NestedDefaults = ReadonlyMap<number, Literal | 'struct'>;

export interface ComparedColumn {
  /** Of the field that is compared. */
  fieldId: number;
  /** The top-level column that is or holds the field. */
  column: TableColumn;
  /** Names of fields from the column down to the compared one; empty where it is the column itself. */
  path: string[];
}

export interface PhysicalColumn {
  name: string;
  fieldId?: number;
  children: PhysicalColumn[];
  /** Of a leaf whose values lie as one of the table format's own types. */
  stored?: StoredType;
  /** A group that is annotated as a variant (Parquet format, "LogicalTypes"). */
  isVariant?: boolean;
  /** A leaf that is annotated as GEOMETRY or GEOGRAPHY. */
  isSpatial?: boolean;
}

/** How values lie in a file: whole numbers in 32 and 64 bits, floating-point ones likewise, dates as days, timestamps in microseconds. */
export type StoredType =
  | { kind: 'int' | 'long' | 'float' | 'double' | 'boolean' | 'string' | 'date' | 'timestamp' | 'timestamptz' }
  | { kind: 'decimal'; precision: number; scale: number };
