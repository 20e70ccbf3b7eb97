/** Which source types each transform takes (Iceberg spec, "Partition Transforms"). */
import type { PrimitiveType, Type } from '../types.js';
import { parseTransform, type Transform } from './transform.js';

const TIMES: PrimitiveType[] = ['timestamp', 'timestamptz', 'timestamp_ns', 'timestamptz_ns'];
const DATES: PrimitiveType[] = ['date', ...TIMES];

const BY_TRANSFORM: Partial<Record<Transform['kind'], readonly PrimitiveType[]>> = {
  bucket: ['int', 'long', 'date', 'time', ...TIMES, 'string', 'uuid', 'binary'],
  truncate: ['int', 'long', 'string', 'binary'],
  year: DATES,
  month: DATES,
  day: DATES,
  hour: TIMES,
};

/** Whether a column of that type can be partitioned by the transform. */
export function takesSource(transform: string, type: Type): boolean {
  const { kind } = parseTransform(transform);
  if (kind === 'unknown') return false;
  if (kind === 'void') return true;
  if (type.kind === 'decimal') return ['identity', 'bucket', 'truncate'].includes(kind);
  if (type.kind === 'fixed') return kind === 'identity' || kind === 'bucket';
  if (type.kind !== 'primitive' || type.type === 'variant' || type.type === 'unknown') return false;
  return kind === 'identity' || (BY_TRANSFORM[kind]?.includes(type.type) ?? false);
}
