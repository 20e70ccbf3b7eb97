/** A result as a Parquet file, written as its batches come. */
import { DataType, type Field, type Schema, Type } from 'apache-arrow';
import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { type ColumnarBatch, columnsOf, valueReader } from '../arrow/index.js';
import { distinctNames } from './names.js';
import { textFormat } from './value.js';

/** A row group is written when so many values are there; whoever else uses the thread waits for no more. */
const GROUP_VALUES = 400_000;

/** Intervals are texts, columns of one name `a`, `a_2`. All others have the Parquet type that holds them exactly. */
export async function* parquetFile(
  schema: Schema,
  batches: AsyncIterable<ColumnarBatch>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const names = distinctNames(schema.fields.map(({ name }) => name));
  const columns = schema.fields.map((field, index) => {
    const name = names[index] as string;
    return { name, ...columnOf(name, field) };
  });
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({
    writer: bytes,
    schema: [{ name: 'root', num_children: columns.length }, ...columns.flatMap(({ elements }) => elements)],
  });
  const groupRows = Math.ceil(GROUP_VALUES / columns.length);
  let values: unknown[][] = columns.map(() => []);
  const writeGroup = () => {
    const columnData = columns.map(({ name }, index) => ({ name, data: values[index] as unknown[] }));
    void writer.write({ columnData, rowGroupSize: values[0]?.length ?? 0 });
    values = columns.map(() => []);
    return taken(bytes);
  };
  for await (const batch of batches) {
    const readers = columnsOf(schema, batch).map(valueReader);
    for (let from = 0; from < batch.length; ) {
      const to = Math.min(batch.length, from + groupRows - (values[0]?.length ?? 0));
      for (const [index, { convert }] of columns.entries()) {
        const [read, into] = [readers[index], values[index] as unknown[]];
        for (let row = from; row < to; row++) into.push(converted(convert, read?.(row)));
      }
      from = to;
      if (values[0]?.length === groupRows) yield writeGroup();
    }
  }
  if ((values[0]?.length ?? 0) > 0) yield writeGroup();
  void writer.finish();
  yield taken(bytes);
}

/** What was written since; the writer goes on counting where it is in the file. */
function taken(bytes: ByteWriter): Uint8Array<ArrayBuffer> {
  const piece = bytes.getBytes().slice();
  bytes.index = 0;
  return piece;
}

interface ParquetColumn {
  /** The column's own element of the schema, then those of its children. */
  elements: SchemaElement[];
  convert: Conversion;
}

/** Of a value in the conventions of `batchToRows`. */
type Conversion = (value: unknown) => unknown;

const same: Conversion = (value) => value;

function converted(convert: Conversion, value: unknown): unknown {
  return value === null || value === undefined ? undefined : convert(value);
}

/** Types of the Parquet format, "Logical Types"; of nested ones "Nested Types". */
function columnOf(name: string, field: Field, repetition: 'OPTIONAL' | 'REQUIRED' = 'OPTIONAL'): ParquetColumn {
  const { type } = field;
  const children = (type.children ?? []) as Field[];
  const [child] = children;
  if (DataType.isStruct(type)) {
    const members = children.map((member) => ({ name: member.name, ...columnOf(member.name, member) }));
    return {
      elements: [
        { name, repetition_type: repetition, num_children: members.length },
        ...members.flatMap(({ elements }) => elements),
      ],
      convert: (value) => {
        const record = value as Record<string, unknown>;
        return Object.fromEntries(
          members.map((member) => [member.name, converted(member.convert, record[member.name])]),
        );
      },
    };
  }
  if (DataType.isMap(type)) {
    const [key, item] = (child as Field).type.children as [Field, Field];
    const [keys, items] = [columnOf('key', key, 'REQUIRED'), columnOf('value', item)];
    return {
      elements: [
        { name, repetition_type: repetition, converted_type: 'MAP', num_children: 1 },
        { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
        ...keys.elements,
        ...items.elements,
      ],
      convert: (value) =>
        (value as [unknown, unknown][]).map((entry) => ({
          key: converted(keys.convert, entry[0]),
          value: converted(items.convert, entry[1]),
        })),
    };
  }
  if (child !== undefined && isListType(type)) {
    const items = columnOf('element', child);
    return {
      elements: [
        { name, repetition_type: repetition, converted_type: 'LIST', num_children: 1 },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        ...items.elements,
      ],
      convert: (value) => (value as unknown[]).map((item) => converted(items.convert, item)),
    };
  }
  const { element, convert } = singleOf(field);
  return { elements: [{ name, repetition_type: repetition, ...element }], convert };
}

function isListType(type: DataType): boolean {
  return DataType.isList(type) || DataType.isFixedSizeList(type) || type.typeId === Type.LargeList;
}

interface ParquetValue {
  element: Omit<SchemaElement, 'name'>;
  convert: Conversion;
}

function singleOf(field: Field): ParquetValue {
  const { type } = field;
  if (DataType.isBool(type)) return { element: { type: 'BOOLEAN' }, convert: same };
  if (DataType.isInt(type) && type.bitWidth <= 32 && (type.isSigned || type.bitWidth < 32)) {
    return { element: { type: 'INT32' }, convert: Number };
  }
  if (DataType.isInt(type) && (type.isSigned || type.bitWidth === 32)) {
    return { element: { type: 'INT64' }, convert: (value) => BigInt(value as bigint) };
  }
  if (DataType.isInt(type)) return decimal(20, 0);
  if (DataType.isFloat(type)) return { element: { type: type.precision === 2 ? 'DOUBLE' : 'FLOAT' }, convert: same };
  if (DataType.isDecimal(type) && type.bitWidth === 128) return decimal(type.precision, type.scale);
  if (DataType.isDate(type)) {
    const days = type.unit === 0 ? same : (value: unknown) => Math.floor(Number(value) / 86_400_000);
    return { element: { type: 'INT32', converted_type: 'DATE' }, convert: days };
  }
  if (DataType.isTime(type)) return clock('TIME', type.unit, false);
  if (DataType.isTimestamp(type)) return clock('TIMESTAMP', type.unit, Boolean(type.timezone));
  const isUuid = field.metadata.get('ARROW:extension:name') === 'arrow.uuid';
  if (DataType.isFixedSizeBinary(type) && isUuid) {
    return {
      element: { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, logical_type: { type: 'UUID' } },
      convert: same,
    };
  }
  if (DataType.isFixedSizeBinary(type)) {
    return { element: { type: 'FIXED_LEN_BYTE_ARRAY', type_length: type.byteWidth }, convert: same };
  }
  if (DataType.isBinary(type) || DataType.isLargeBinary(type))
    return { element: { type: 'BYTE_ARRAY' }, convert: same };
  return { element: { type: 'BYTE_ARRAY', converted_type: 'UTF8' }, convert: textFormat(field) };
}

/** Microseconds where Arrow has seconds or milliseconds: those of `TIME` would be of 32 bits. `unit` is that of the schema. */
function clock(type: 'TIME' | 'TIMESTAMP', unit: number, isAdjustedToUTC: boolean): ParquetValue {
  const factor = [1_000_000n, 1000n, 1n, 1n][unit] as bigint;
  return {
    element: { type: 'INT64', logical_type: { type, isAdjustedToUTC, unit: unit === 3 ? 'NANOS' : 'MICROS' } },
    convert: (value) => BigInt(value as bigint) * factor,
  };
}

function decimal(precision: number, scale: number): ParquetValue {
  const element = {
    type: 'FIXED_LEN_BYTE_ARRAY' as const,
    type_length: 16,
    converted_type: 'DECIMAL' as const,
    precision,
    scale,
  };
  return { element, convert: (value) => BigInt(value as bigint) };
}
