/** Which statistics of a column chunk can be believed (Parquet format, "Statistics", "ColumnOrder"). */
import { isUtf8 } from 'node:buffer';
import type { Annotation, ChunkStatistics, PhysicalType } from './types.js';

/** A Statistics struct as it stands in the footer, and what its meaning hangs on. */
export interface StatedStatistics {
  physicalType: PhysicalType;
  annotation: Annotation;
  /** Values of the chunk, nulls among them. */
  valueCount: number;
  /** Whether the file orders the column as its type says; it does where it does not say. */
  isTypeOrdered: boolean;
  createdBy: string | undefined;
  /** In the order of the type. */
  min: Uint8Array | undefined;
  max: Uint8Array | undefined;
  /** Fields of old, which were ordered by signed comparison whatever the type. */
  deprecatedMin: Uint8Array | undefined;
  deprecatedMax: Uint8Array | undefined;
  nullCount: number | undefined;
}

/** What is certain; `doubts` names what must not reach a reader that believes all. */
export function certainStatistics(stated: StatedStatistics): ChunkStatistics {
  const { min, max, deprecatedMin, deprecatedMax, nullCount, valueCount } = stated;
  const low = min ?? (isSigned(stated) ? deprecatedMin : undefined);
  const high = max ?? (isSigned(stated) ? deprecatedMax : undefined);
  const isStated = [min, max, deprecatedMin, deprecatedMax].some((bound) => bound !== undefined);
  const hidesDeprecated = (min === undefined && deprecatedMin !== low) || (max === undefined && deprecatedMax !== high);
  const areCertain = isOrdered(stated) && [low, high].every((bound) => !bound || isValue(bound, stated));
  const contradict = areCertain && low && high && compareBounds(low, high, stated) > 0;
  const bounds = isStated && (!areCertain || contradict || hidesDeprecated);
  const nulls = nullCount !== undefined && !(nullCount >= 0 && nullCount <= valueCount);
  return {
    min: bounds ? undefined : low,
    max: bounds ? undefined : high,
    nullCount: nulls ? undefined : nullCount,
    doubts: { bounds: Boolean(bounds), nulls },
  };
}

function isSigned({ physicalType, annotation: { kind } }: StatedStatistics): boolean {
  if (kind === 'unsigned') return false;
  return ['BOOLEAN', 'INT32', 'INT64', 'FLOAT', 'DOUBLE'].includes(physicalType);
}

function isOrdered({ physicalType, annotation, isTypeOrdered, createdBy }: StatedStatistics): boolean {
  if (!isTypeOrdered || physicalType === 'INT96' || annotation.kind === 'other') return false;
  // Arrow before 4.0 compared decimals wrongly (PARQUET-1655).
  const isBytes = physicalType === 'BYTE_ARRAY' || physicalType === 'FIXED_LEN_BYTE_ARRAY';
  const isOldArrow = /^parquet-cpp(-arrow)? version [0-3]\./.test(createdBy ?? '');
  return !(annotation.kind === 'decimal' && isBytes && isOldArrow);
}

const widths: Partial<Record<PhysicalType, number>> = { BOOLEAN: 1, INT32: 4, FLOAT: 4, INT64: 8, DOUBLE: 8 };

/** Of the type's width; text cut inside a character is none to the engine, and NaN is no bound. */
function isValue(bytes: Uint8Array, { physicalType, annotation: { kind } }: StatedStatistics): boolean {
  const width = widths[physicalType];
  if (width !== undefined && bytes.length !== width) return false;
  if (physicalType === 'FLOAT' || physicalType === 'DOUBLE') return !Number.isNaN(floating(bytes));
  if (kind === 'uuid') return bytes.length === 16;
  if (kind === 'decimal') return bytes.length > 0;
  return kind !== 'string' || isUtf8(bytes);
}

function compareBounds(low: Uint8Array, high: Uint8Array, { physicalType, annotation }: StatedStatistics): number {
  if (physicalType === 'FLOAT' || physicalType === 'DOUBLE') return floating(low) - floating(high);
  if (physicalType === 'BOOLEAN') return (low[0] as number) - (high[0] as number);
  const isBytes = physicalType === 'BYTE_ARRAY' || physicalType === 'FIXED_LEN_BYTE_ARRAY';
  if (isBytes && annotation.kind !== 'decimal') return Buffer.compare(low, high);
  const [one, other] = [low, high].map((bytes) =>
    whole(isBytes ? bytes : Uint8Array.from(bytes).reverse(), annotation.kind !== 'unsigned'),
  ) as [bigint, bigint];
  return one < other ? -1 : one > other ? 1 : 0;
}

/** A big-endian integer. */
function whole(bytes: Uint8Array, isSigned: boolean): bigint {
  const value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  return isSigned ? BigInt.asIntN(bytes.length * 8, value) : value;
}

/** A plain-encoded number of 4 or 8 bytes. */
function floating(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return bytes.byteLength === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
}
