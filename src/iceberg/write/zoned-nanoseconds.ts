import { fieldsById } from '../schema.js';
import type { Schema } from '../types.js';

/** Ids of the fields of type timestamptz_ns, at any depth; in Parquet they are adjusted to UTC (Iceberg spec, "Parquet"). */
export function zonedNanosecondIds(schema: Schema): Set<number> {
  return new Set(
    [...fieldsById(schema.fields).values()].flatMap(({ id, type }) =>
      type.kind === 'primitive' && type.type === 'timestamptz_ns' ? [id] : [],
    ),
  );
}
