/** Avro schemas of manifests and manifest lists as each format version writes them. */

import { SkuaError } from '../../errors.js';
import type { AvroComplex, AvroField, AvroSchema } from '../avro/schema.js';
import type { PartitionSpec, Type } from '../types.js';

function required(id: number, name: string, type: AvroSchema): AvroField {
  return { name, type, 'field-id': id };
}

function optional(id: number, name: string, type: AvroSchema): AvroField {
  return { name, type: ['null', type], default: null, 'field-id': id };
}

function list(elementId: number, items: AvroSchema): AvroComplex {
  return { type: 'array', items, 'element-id': elementId };
}

function intMap(keyId: number, valueId: number, value: AvroSchema): AvroComplex {
  const fields = [required(keyId, 'key', 'int'), required(valueId, 'value', value)];
  return { type: 'array', logicalType: 'map', items: { type: 'record', name: `k${keyId}_v${valueId}`, fields } };
}

export function manifestListSchema(formatVersion: number): AvroSchema {
  const summary: AvroComplex = {
    type: 'record',
    name: 'r508',
    fields: [
      required(509, 'contains_null', 'boolean'),
      optional(518, 'contains_nan', 'boolean'),
      optional(510, 'lower_bound', 'bytes'),
      optional(511, 'upper_bound', 'bytes'),
    ],
  };
  const count = formatVersion === 1 ? optional : required;
  const fields = [
    required(500, 'manifest_path', 'string'),
    required(501, 'manifest_length', 'long'),
    required(502, 'partition_spec_id', 'int'),
  ];
  if (formatVersion >= 2) {
    fields.push(
      required(517, 'content', 'int'),
      required(515, 'sequence_number', 'long'),
      required(516, 'min_sequence_number', 'long'),
    );
  }
  fields.push(
    required(503, 'added_snapshot_id', 'long'),
    count(504, 'added_files_count', 'int'),
    count(505, 'existing_files_count', 'int'),
    count(506, 'deleted_files_count', 'int'),
    count(512, 'added_rows_count', 'long'),
    count(513, 'existing_rows_count', 'long'),
    count(514, 'deleted_rows_count', 'long'),
    optional(507, 'partitions', list(508, summary)),
    optional(519, 'key_metadata', 'bytes'),
  );
  if (formatVersion >= 3) fields.push(optional(520, 'first_row_id', 'long'));
  return { type: 'record', name: 'manifest_file', fields };
}

/** `partitionTypes` are the result types of the spec's fields. */
export function manifestSchema(
  formatVersion: number,
  spec: PartitionSpec,
  partitionTypes: readonly Type[],
): AvroSchema {
  const entry = [required(0, 'status', 'int')];
  if (formatVersion === 1) entry.push(required(1, 'snapshot_id', 'long'));
  else {
    entry.push(
      optional(1, 'snapshot_id', 'long'),
      optional(3, 'sequence_number', 'long'),
      optional(4, 'file_sequence_number', 'long'),
    );
  }
  entry.push(required(2, 'data_file', dataFileSchema(formatVersion, spec, partitionTypes)));
  return { type: 'record', name: 'manifest_entry', fields: entry };
}

function dataFileSchema(formatVersion: number, spec: PartitionSpec, partitionTypes: readonly Type[]): AvroSchema {
  const fields: AvroField[] = [];
  if (formatVersion >= 2) fields.push(required(134, 'content', 'int'));
  fields.push(
    required(100, 'file_path', 'string'),
    required(101, 'file_format', 'string'),
    required(102, 'partition', partitionSchema(spec, partitionTypes)),
    required(103, 'record_count', 'long'),
    required(104, 'file_size_in_bytes', 'long'),
  );
  if (formatVersion === 1) fields.push(required(105, 'block_size_in_bytes', 'long'));
  fields.push(
    optional(108, 'column_sizes', intMap(117, 118, 'long')),
    optional(109, 'value_counts', intMap(119, 120, 'long')),
    optional(110, 'null_value_counts', intMap(121, 122, 'long')),
    optional(137, 'nan_value_counts', intMap(138, 139, 'long')),
    optional(125, 'lower_bounds', intMap(126, 127, 'bytes')),
    optional(128, 'upper_bounds', intMap(129, 130, 'bytes')),
    optional(131, 'key_metadata', 'bytes'),
    optional(132, 'split_offsets', list(133, 'long')),
  );
  if (formatVersion >= 2) fields.push(optional(135, 'equality_ids', list(136, 'int')));
  fields.push(optional(140, 'sort_order_id', 'int'));
  if (formatVersion >= 3) fields.push(optional(142, 'first_row_id', 'long'));
  if (formatVersion >= 2) fields.push(optional(143, 'referenced_data_file', 'string'));
  if (formatVersion >= 3) {
    fields.push(optional(144, 'content_offset', 'long'), optional(145, 'content_size_in_bytes', 'long'));
  }
  return { type: 'record', name: 'r2', fields };
}

function partitionSchema(spec: PartitionSpec, types: readonly Type[]): AvroSchema {
  const fields = spec.fields.map((field, index) =>
    optional(field.fieldId, avroName(field.name), avroType(types[index] as Type, field.fieldId)),
  );
  return { type: 'record', name: 'r102', fields };
}

/** Avro names hold letters, digits and underscores; others are written as Iceberg's reference implementation does. */
export function avroName(name: string): string {
  let result = '';
  for (const char of name) {
    if (/[A-Za-z_]/.test(char) || (/[0-9]/.test(char) && result !== '')) result += char;
    else if (/[0-9]/.test(char)) result += `_${char}`;
    else result += `_x${(char.codePointAt(0) as number).toString(16).toUpperCase()}`;
  }
  return result;
}

/** Bytes of a two's-complement integer that holds every decimal of that many digits. */
export function decimalWidth(precision: number): number {
  let width = 1;
  while (2n ** BigInt(width * 8 - 1) < 10n ** BigInt(precision)) width++;
  return width;
}

function avroType(type: Type, id: number): AvroSchema {
  switch (type.kind) {
    case 'decimal':
      return {
        type: 'fixed',
        name: `decimal_${type.precision}_${type.scale}_${id}`,
        size: decimalWidth(type.precision),
        logicalType: 'decimal',
        precision: type.precision,
        scale: type.scale,
      };
    case 'fixed':
      return { type: 'fixed', name: `fixed_${type.length}_${id}`, size: type.length };
    case 'primitive':
      switch (type.type) {
        case 'boolean':
        case 'int':
        case 'long':
        case 'float':
        case 'double':
        case 'string':
          return type.type;
        case 'binary':
          return 'bytes';
        case 'date':
          return { type: 'int', logicalType: 'date' };
        case 'time':
          return { type: 'long', logicalType: 'time-micros' };
        case 'timestamp':
        case 'timestamptz':
          return { type: 'long', logicalType: 'timestamp-micros', 'adjust-to-utc': type.type === 'timestamptz' };
        case 'timestamp_ns':
        case 'timestamptz_ns':
          return { type: 'long', logicalType: 'timestamp-nanos', 'adjust-to-utc': type.type === 'timestamptz_ns' };
        case 'uuid':
          return { type: 'fixed', name: `uuid_fixed_${id}`, size: 16, logicalType: 'uuid' };
      }
  }
  throw new SkuaError('UNIMPLEMENTED', `A table partitioned by a column of type ${type.kind} is not supported`);
}
