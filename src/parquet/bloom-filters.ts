/** Bloom filters that the engine would read wrongly. */
import type { ColumnChunk, ParquetFooter } from './types.js';

/**
 * Names of top-level columns with bloom filters that must not be asked for equality: the engine looks bytes up by their escaped text, and a
 * zero by its own sign only, although it takes both zeros for equal. Either way it would skip row groups that hold the value.
 */
export function misleadingBloomFilters({ rowGroups }: ParquetFooter): Set<string> {
  const chunks = rowGroups.flatMap((group) => group.chunks);
  const misleading = chunks.filter(({ leaf, bloomFilter }) => bloomFilter !== undefined && leaf.path.length === 1);
  return new Set(
    misleading.filter((chunk) => holdsBytes(chunk) || mayHoldZero(chunk)).map(({ leaf }) => leaf.path[0] as string),
  );
}

function holdsBytes({ leaf: { physicalType, logicalType } }: ColumnChunk): boolean {
  return (physicalType === 'BYTE_ARRAY' || physicalType === 'FIXED_LEN_BYTE_ARRAY') && logicalType !== 'string';
}

function mayHoldZero({ leaf: { physicalType }, statistics }: ColumnChunk): boolean {
  if (physicalType !== 'FLOAT' && physicalType !== 'DOUBLE') return false;
  const [min, max] = [statistics?.min, statistics?.max].map((bound) => bound && numberOf(bound));
  return !(Number(min) > 0 || Number(max) < 0);
}

/** A plain-encoded number of 4 or 8 bytes. */
function numberOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return bytes.byteLength === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
}
