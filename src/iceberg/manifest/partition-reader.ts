/** Partition tuples as manifests hold them. */
import { type NamedSchemas, type Reader, resolve, skipper } from '../avro/reader.js';
import type { AvroSchema } from '../avro/schema.js';
import type { PartitionField, PartitionValue } from '../types.js';
import { signedBigEndian } from '../values/single-value.js';

/** Reads tuples in the order of the spec's fields, whatever the order in the file; a field that the file lacks is null. */
export function partitionReader(spec: readonly PartitionField[]) {
  return (given: AvroSchema, names: NamedSchemas): Reader<PartitionValue[]> => {
    const schema = resolve(given, names);
    const steps = (schema.fields ?? []).map((field, position) => {
      const byId = spec.findIndex((candidate) => candidate.fieldId === field['field-id']);
      const index = field['field-id'] === undefined ? position : byId;
      return { index, read: index < 0 ? skipper(field.type, names) : valueReader(field.type, names) };
    });
    return (cursor) => {
      const tuple: PartitionValue[] = new Array(spec.length).fill(null);
      for (const { index, read } of steps) {
        const value = read(cursor);
        if (index >= 0 && value !== undefined) tuple[index] = value;
      }
      return tuple;
    };
  };
}

function valueReader(given: AvroSchema, names: NamedSchemas): Reader<PartitionValue> {
  if (Array.isArray(given)) {
    const branches = given.map((branch) => valueReader(branch, names));
    return (cursor) => branches[cursor.long()]?.(cursor) ?? null;
  }
  const schema = resolve(given, names);
  const isDecimal = schema.logicalType === 'decimal';
  switch (schema.type) {
    case 'boolean':
      return (cursor) => cursor.boolean();
    case 'int':
      return (cursor) => cursor.long();
    case 'long':
      return (cursor) => cursor.bigLong();
    case 'float':
      return (cursor) => cursor.float();
    case 'double':
      return (cursor) => cursor.double();
    case 'string':
      return (cursor) => cursor.string();
    case 'bytes':
      return isDecimal ? (cursor) => signedBigEndian(cursor.data()) : (cursor) => cursor.data();
    case 'fixed': {
      const size = schema.size ?? 0;
      return isDecimal ? (cursor) => signedBigEndian(cursor.data(size)) : (cursor) => cursor.data(size);
    }
    default:
      return (cursor) => {
        skipper(given, names)(cursor);
        return null;
      };
  }
}
