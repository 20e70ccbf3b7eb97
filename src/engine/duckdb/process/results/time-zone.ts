/** The time zone that moments of a result are shown in: it is part of their Arrow type, and leaves the values as they are. */
import { DataType, type Field, Schema, Timestamp } from 'apache-arrow';
import { holds, withLeafFields } from '../types/nested.js';

/** The schema with that zone in all its moments; as it is without one. */
export function inTimeZone(schema: Schema, timeZone: string | undefined): Schema {
  if (timeZone === undefined || !schema.fields.some((field) => holds(field, isMoment))) return schema;
  const inZone = (field: Field) => field.clone({ type: new Timestamp((field.type as Timestamp).unit, timeZone) });
  return new Schema(
    schema.fields.map((field) => withLeafFields(field, isMoment, inZone)),
    schema.metadata,
  );
}

function isMoment({ type }: Field): boolean {
  return DataType.isTimestamp(type) && Boolean(type.timezone);
}
