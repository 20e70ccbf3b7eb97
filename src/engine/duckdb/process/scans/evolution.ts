import { DataType, type Field, Type } from 'apache-arrow';
import { SkuaError } from '../../../../errors.js';
import type { NestedDefaults, PhysicalColumn, StoredType } from '../../../../expressions/index.js';
import { NO_TIME_OF_DAY } from '../native/errors.js';
import { quoteIdentifier, quoteText } from '../native/text.js';
import {
  childOf,
  entryFields,
  isSpatial,
  isVariant,
  isZonedNanoseconds,
  literalSql,
  sqlTypeOf,
} from '../types/sql-type.js';
import { variantBytesType, variantOfBytesSql } from '../types/variants.js';
import { momentSql } from '../types/zoned-nanoseconds.js';

/** How a column of the table is got from what lies in a file. */
export interface PhysicalRead {
  /** The DuckDB type to read the file's column as: the file's own child names with the table's leaf types. */
  type: string;
  /** The table's value from the SQL expression of the file's value; the same expression where nothing has to change. */
  convert: (value: string) => string;
}

/** The field id that a nested field carries in its metadata. */
export function fieldIdOf(field: Field): number | undefined {
  const id = field.metadata.get('PARQUET:field_id');
  return id === undefined ? undefined : Number(id);
}

/** What is known of a column beside its field. */
export interface ReadContext {
  /** Of the column; nested fields carry their own. */
  fieldId?: number | undefined;
  /** Initial defaults of fields inside structs, by field id. */
  defaults?: NestedDefaults | undefined;
  /** Field ids that hold no NaN in this file. */
  withoutNan?: ReadonlySet<number> | undefined;
  /** What the file tells of the column's values must not be asked for a comparison. */
  unasked?: boolean | undefined;
  /** The values lie in the engine's own format, whose statistics are its own. */
  isDecoded?: boolean | undefined;
}

/**
 * A top-level column. Numbers and dates of a column that was widened since are read as the file has them and cast then: the engine's own cast while it
 * reads can't take the filter in that a join hands to its scans.
 */
export function columnRead(field: Field, physical: PhysicalColumn, context: ReadContext): PhysicalRead {
  const read = physicalRead(field, physical, context);
  const narrower = narrowerType(physical.stored, read.type);
  if (narrower === undefined || read.convert !== unchanged) return read;
  return { type: narrower, convert: (value) => `CAST(${value} AS ${read.type})` };
}

/** The type that numbers or dates are stored as, where the table's is a wider one (Iceberg spec, "Schema Evolution"). */
function narrowerType(stored: StoredType | undefined, type: string): string | undefined {
  if (stored?.kind === 'int') return type === 'BIGINT' ? 'INTEGER' : undefined;
  if (stored?.kind === 'date') return type === 'TIMESTAMP' || type === 'TIMESTAMP_NS' ? 'DATE' : undefined;
  if (stored?.kind === 'float') return type === 'DOUBLE' ? 'FLOAT' : undefined;
  if (stored?.kind !== 'decimal' || !type.startsWith('DECIMAL(')) return undefined;
  const own = `DECIMAL(${stored.precision},${stored.scale})`;
  return own === type ? undefined : own;
}

/**
 * Children of structs, lists and maps resolve by field id (Iceberg spec, "Column Projection"): renamed ones are found, dropped ones left
 * out, added ones their initial default or null. Moments in nanoseconds are expected as TIMESTAMP_NS.
 */
function physicalRead(field: Field, physical: PhysicalColumn, context: ReadContext = {}, depth = 0): PhysicalRead {
  const { type } = field;
  if (isVariant(field)) return variantRead(physical);
  if (DataType.isStruct(type)) return structRead(type.children, physical, context, depth);
  if (DataType.isMap(type)) return mapRead(type, physical, context, depth);
  if (DataType.isList(type) || type.typeId === Type.LargeList) return listRead(type, physical, context, depth);
  if (DataType.isFloat(type) && depth === 0 && !context.isDecoded) {
    const isSound = context.withoutNan?.has(fieldIdOf(field) ?? context.fieldId ?? -1) && !context.unasked;
    if (!isSound) return { type: sqlTypeOf(field), convert: unbounded };
  }
  if (isZonedNanoseconds(field)) return { type: 'TIMESTAMP_NS', convert: momentSql };
  if (DataType.isTime(type) && !context.isDecoded) return { type: sqlTypeOf(field), convert: ofTheDay };
  if (isSpatial(field)) {
    if (physical.isSpatial) return { type: 'GEOMETRY', convert: unchanged };
    return { type: 'BLOB', convert: (value) => `ST_GeomFromWKB(${value})` };
  }
  if (context.unasked && !context.isDecoded && sqlTypeOf(field) === 'BLOB')
    return { type: 'BLOB', convert: unfiltered };
  return { type: sqlTypeOf(field), convert: unchanged };
}

/** The engine puts the parts of shredded variants together where they are annotated; without the annotation it takes them for structs. */
function variantRead({ name, children, isVariant: isAnnotated }: PhysicalColumn): PhysicalRead {
  if (isAnnotated) return { type: 'VARIANT', convert: unchanged };
  const parts = children.map((child) => child.name);
  if (parts.length === 2 && parts.includes('metadata') && parts.includes('value')) {
    return { type: variantBytesType, convert: variantOfBytesSql };
  }
  const message = `the variant ${name} is stored as ${parts.join(', ')} without the annotation VARIANT, which is not supported`;
  throw new SkuaError('UNIMPLEMENTED', message);
}

const unchanged = (value: string) => value;

/**
 * The same floating-point number, NaN and negative zero included, as an expression whose bounds DuckDB does not look up in the file. Most
 * writers leave NaN out of them, while DuckDB has NaN above all numbers: it would skip row groups, and take a maximum from them.
 */
const unbounded = (value: string) => `(${value} * 1)`;

/** The same time, or an error for what is none: the engine writes beyond its buffers where it makes text of others. */
const ofTheDay = (value: string) => {
  const isSound = `(${value} BETWEEN TIME '00:00:00' AND TIME '24:00:00')`;
  return `CASE WHEN ${isSound} IS NOT FALSE THEN ${value} ELSE error(${quoteText(NO_TIME_OF_DAY)}) END`;
};

/** The same bytes, as an expression that DuckDB compares with nothing in the file but themselves. */
const unfiltered = (value: string) => `(${value} || ''::BLOB)`;

function structRead(
  fields: readonly Field[],
  physical: PhysicalColumn,
  context: ReadContext,
  depth: number,
): PhysicalRead {
  const defaults: NestedDefaults = context.defaults ?? new Map();
  const children = fields.map((field) => {
    const found = childFor(field, physical.children);
    return { field, found, read: found && physicalRead(field, found, context, depth) };
  });
  const present = children.filter(({ found }) => found !== undefined);
  const missing = (field: Field) => missingSql(field, fieldIdOf(field), defaults);
  if (present.length === 0) {
    // Any field of the file's tells which structs are null; those of the table could be found by their names.
    const [any] = physical.children;
    const type = any ? `STRUCT(${quoteIdentifier(any.name)} VARCHAR)` : sqlTypeOf(structField(fields));
    const parts = fields.map((field) => `${quoteIdentifier(field.name)} := ${missing(field)}`);
    return {
      type,
      convert: (value) => `CASE WHEN ${value} IS NULL THEN NULL ELSE struct_pack(${parts.join(', ')}) END`,
    };
  }
  const identical =
    present.length === fields.length &&
    children.every(({ field, found, read }) => found?.name === field.name && read?.convert === unchanged);
  const read = `STRUCT(${present.map(({ found, read }) => `${quoteIdentifier(found?.name ?? '')} ${read?.type}`).join(', ')})`;
  if (identical) return { type: read, convert: unchanged };
  return {
    type: read,
    convert: (value) => {
      const parts = children.map(({ field, found, read }) => {
        const child = found && read ? read.convert(`struct_extract(${value}, ${quoteText(found.name)})`) : undefined;
        return `${quoteIdentifier(field.name)} := ${child ?? missing(field)}`;
      });
      return `CASE WHEN ${value} IS NULL THEN NULL ELSE struct_pack(${parts.join(', ')}) END`;
    },
  };
}

/** What a field is in files without it. */
export function missingSql(field: Field, fieldId: number | undefined, defaults: NestedDefaults): string {
  const value = defaults.get(fieldId ?? -1);
  if (value !== 'struct') return literalSql(value, sqlTypeOf(field));
  const parts = (field.type.children as Field[]).map(
    (child) => `${quoteIdentifier(child.name)} := ${missingSql(child, fieldIdOf(child), defaults)}`,
  );
  return `struct_pack(${parts.join(', ')})`;
}

function structField(fields: readonly Field[]): Field {
  return { name: '', type: { typeId: Type.Struct, children: fields }, metadata: new Map() } as unknown as Field;
}

function listRead(type: DataType, physical: PhysicalColumn, context: ReadContext, depth: number): PhysicalRead {
  const element = childOf(type);
  // A Parquet list is a group around a group; which of them the footer's reader shows is its own affair.
  const found = childFor(element, physical.children) ?? onlyLeafOf(physical);
  const read = found
    ? physicalRead(element, found, context, depth + 1)
    : { type: sqlTypeOf(element), convert: unchanged };
  if (read.convert === unchanged) return { type: `${read.type}[]`, convert: unchanged };
  const item = `x${depth}`;
  return {
    type: `${read.type}[]`,
    convert: (value) => `list_transform(${value}, lambda ${item}: ${read.convert(item)})`,
  };
}

function mapRead(type: DataType, physical: PhysicalColumn, context: ReadContext, depth: number): PhysicalRead {
  const [keyField, valueField] = entryFields(type);
  const entries = entriesOf(physical);
  const [only] = entries;
  if (only && entries.length === 1) return keysRead(keyField, valueField, only, context, depth);
  const plain = (field: Field): PhysicalRead => ({ type: sqlTypeOf(field), convert: unchanged });
  const physicalKey = childFor(keyField, entries) ?? entries[0];
  const physicalValue = childFor(valueField, entries) ?? entries[1];
  const key = physicalKey ? physicalRead(keyField, physicalKey, context, depth + 1) : plain(keyField);
  const value = physicalValue ? physicalRead(valueField, physicalValue, context, depth + 1) : plain(valueField);
  const read = `MAP(${key.type}, ${value.type})`;
  if (key.convert === unchanged && value.convert === unchanged) return { type: read, convert: unchanged };
  const entry = `x${depth}`;
  return {
    type: read,
    convert: (map) => {
      const pair = `struct_pack(key := ${key.convert(`${entry}.key`)}, value := ${value.convert(`${entry}.value`)})`;
      return `CASE WHEN ${map} IS NULL THEN NULL ELSE map_from_entries(list_transform(map_entries(${map}), lambda ${entry}: ${pair})) END`;
    },
  };
}

/** A map that a file holds only the keys of, as a list of them. */
function keysRead(
  keyField: Field,
  valueField: Field,
  physical: PhysicalColumn,
  context: ReadContext,
  depth: number,
): PhysicalRead {
  const key = physicalRead(keyField, physical, context, depth + 1);
  const item = `x${depth}`;
  const pair = `struct_pack(key := ${key.convert(item)}, value := CAST(NULL AS ${sqlTypeOf(valueField)}))`;
  return {
    type: `${key.type}[]`,
    convert: (keys) =>
      `CASE WHEN ${keys} IS NULL THEN NULL ELSE map_from_entries(list_transform(${keys}, lambda ${item}: ${pair})) END`,
  };
}

function childFor(field: Field, children: readonly PhysicalColumn[]): PhysicalColumn | undefined {
  const id = fieldIdOf(field);
  if (id !== undefined && children.some((child) => child.fieldId !== undefined)) {
    return children.find((child) => child.fieldId === id);
  }
  return children.find((child) => child.name === field.name);
}

/** The element of a list whose footer shows the repeated group in between. */
function onlyLeafOf(physical: PhysicalColumn): PhysicalColumn | undefined {
  const [repeated] = physical.children;
  if (!repeated || physical.children.length !== 1) return undefined;
  if (repeated.fieldId === undefined && repeated.children.length === 1) return repeated.children[0];
  return repeated;
}

function entriesOf(physical: PhysicalColumn): readonly PhysicalColumn[] {
  const [repeated] = physical.children;
  return repeated && physical.children.length === 1 ? repeated.children : physical.children;
}
