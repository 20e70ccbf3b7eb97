/** Table properties that say how files are written (Iceberg documentation, "Write properties"). */
import { SkuaError } from '../../../errors.js';
import { findField } from '../../../iceberg/index.js';
import type { Schema, TableMetadata } from '../../../iceberg/types.js';
import type { BloomFilterOptions } from '../../../parquet/index.js';
import type { WriteOptions } from '../contract.js';

/** In bytes. */
export function targetFileSizeOf(metadata: TableMetadata, usual: number): number {
  return numberIn(metadata, 'write.target-file-size-bytes', 1) ?? usual;
}

/** What Skua has no writer for: UNIMPLEMENTED. */
export function compressionOf({ properties }: TableMetadata): WriteOptions['compression'] {
  const written = properties['write.parquet.compression-codec'];
  const codec = written?.toLowerCase() ?? 'zstd';
  if (codec === 'zstd' || codec === 'snappy' || codec === 'gzip' || codec === 'uncompressed') return codec;
  throw new SkuaError(
    'UNIMPLEMENTED',
    `Files can't be written as the property write.parquet.compression-codec = '${written}' has it; zstd, snappy, gzip and uncompressed can`,
  );
}

/** Of zstd alone: the engine has no levels for other codecs. */
export function compressionLevelOf(metadata: TableMetadata): number | undefined {
  if (compressionOf(metadata) !== 'zstd') return undefined;
  return numberIn(metadata, 'write.parquet.compression-level', 1, 22);
}

/** Bytes of the values of a row group, before they are encoded. Default: the engine's number of rows. */
export function rowGroupSizeOf(metadata: TableMetadata): number | undefined {
  return numberIn(metadata, 'write.parquet.row-group-size-bytes', 1);
}

/** Columns that are to have bloom filters, with what a filter may cost (Iceberg documentation, "Write properties"). Unknown columns have none. */
export function bloomFiltersOf(metadata: TableMetadata, { fields }: Schema): [number, BloomFilterOptions][] {
  const { properties } = metadata;
  const prefix = 'write.parquet.bloom-filter-enabled.column.';
  const largestBytes = numberIn(metadata, 'write.parquet.bloom-filter-max-bytes', 32) ?? 2 ** 20;
  return Object.entries(properties).flatMap(([key, value]): [number, BloomFilterOptions][] => {
    if (!key.startsWith(prefix) || value.toLowerCase() !== 'true') return [];
    const path = key.slice(prefix.length);
    const field = findField(fields, path);
    if (!field) return [];
    return [
      [
        field.id,
        { largestBytes, falsePositives: shareIn(metadata, `write.parquet.bloom-filter-fpp.column.${path}`) ?? 0.01 },
      ],
    ];
  });
}

/** Between 0 and 1. */
function shareIn({ properties }: TableMetadata, name: string): number | undefined {
  const text = properties[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value < 1) return value;
  throw new SkuaError('INVALID_ARGUMENT', `The table property ${name} is a number between 0 and 1, not '${text}'`);
}

/** Other formats than Parquet, for data files or deletes: UNIMPLEMENTED. */
export function refuseOtherWriteFormats({ properties }: TableMetadata): void {
  for (const name of ['write.format.default', 'write.delete.format.default']) {
    const format = properties[name]?.toLowerCase();
    const isOwn = format === undefined || format === 'parquet' || (format === 'puffin' && name.includes('delete'));
    if (isOwn) continue;
    throw new SkuaError('UNIMPLEMENTED', `Skua writes Parquet; the property ${name} of the table is '${format}'`);
  }
}

/** INVALID_ARGUMENT where the property is no such number: a file that is other than its table asks for is written by nobody's wish. */
function numberIn(
  { properties }: TableMetadata,
  name: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const text = properties[name];
  if (text === undefined || text === 'null') return undefined;
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new SkuaError('INVALID_ARGUMENT', `The table property ${name} is a whole number ${range}, not '${text}'`);
}
