/** Table properties that say how files are written (Iceberg documentation, "Write properties"). */
import { SkuaError } from '../../../errors.js';
import { findField } from '../../../iceberg/index.js';
import type { Schema, TableMetadata } from '../../../iceberg/types.js';
import type { BloomFilterOptions } from '../../../parquet/index.js';
import type { WriteOptions } from '../contract.js';

/** What files are written for; those of deletes go by what the table says of data where it says nothing of them. */
export type Content = 'data' | 'deletes';

/** How files are written by the properties of their table; `usual` is the target size in bytes where they name none. */
export function parquetOptionsOf(metadata: TableMetadata, usual: number, content: Content): ParquetOptions {
  return {
    targetFileSize: targetFileSizeOf(metadata, usual, content),
    checksums: true,
    compression: compressionOf(metadata, content),
    compressionLevel: compressionLevelOf(metadata, content),
    rowGroupSize: rowGroupSizeOf(metadata, content),
  };
}

type ParquetOptions = Pick<
  WriteOptions,
  'targetFileSize' | 'checksums' | 'compression' | 'compressionLevel' | 'rowGroupSize'
>;

/** In bytes. */
function targetFileSizeOf(metadata: TableMetadata, usual: number, content: Content): number {
  const ofDeletes = content === 'deletes' ? numberIn(metadata, 'write.delete.target-file-size-bytes', 1) : undefined;
  return ofDeletes ?? numberIn(metadata, 'write.target-file-size-bytes', 1) ?? usual;
}

/** What Skua has no writer for: UNIMPLEMENTED. */
function compressionOf({ properties }: TableMetadata, content: Content): WriteOptions['compression'] {
  const name = parquetProperty(properties, 'compression-codec', content);
  const written = properties[name];
  const codec = written?.toLowerCase() ?? 'zstd';
  if (codec === 'zstd' || codec === 'snappy' || codec === 'gzip' || codec === 'uncompressed') return codec;
  throw new SkuaError(
    'UNIMPLEMENTED',
    `Files can't be written as the property ${name} = '${written}' has it; zstd, snappy, gzip and uncompressed can`,
  );
}

/** Of zstd alone: the engine has no levels for other codecs. */
function compressionLevelOf(metadata: TableMetadata, content: Content): number | undefined {
  if (compressionOf(metadata, content) !== 'zstd') return undefined;
  return numberIn(metadata, parquetProperty(metadata.properties, 'compression-level', content), 1, 22);
}

/** Bytes of the values of a row group, before they are encoded. Default: the engine's number of rows. */
function rowGroupSizeOf(metadata: TableMetadata, content: Content): number | undefined {
  return numberIn(metadata, parquetProperty(metadata.properties, 'row-group-size-bytes', content), 1);
}

function parquetProperty(properties: TableMetadata['properties'], name: string, content: Content): string {
  const ofDeletes = `write.delete.parquet.${name}`;
  return content === 'deletes' && properties[ofDeletes] !== undefined ? ofDeletes : `write.parquet.${name}`;
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

/** Other formats than Parquet, for data files or deletes, and places that a program of the table's own chooses: UNIMPLEMENTED. */
export function refuseOtherWriters({ properties }: TableMetadata): void {
  const provider = properties['write.location-provider.impl'];
  if (provider !== undefined) {
    const message = `Files go where the property write.location-provider.impl of the table has them, which is the Java class ${provider}: Skua can't ask it`;
    throw new SkuaError('UNIMPLEMENTED', message);
  }
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
