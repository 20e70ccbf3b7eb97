import { DataType, type Field, TimeUnit } from 'apache-arrow';

export function isDate({ type }: Field): boolean {
  return DataType.isDate(type);
}

/** A date, or a time that is cast to one without regard of the session's time zone. */
export function mayBecomeDate({ type }: Field): boolean {
  return DataType.isDate(type) || (DataType.isTimestamp(type) && (!type.timezone || type.unit === TimeUnit.NANOSECOND));
}
