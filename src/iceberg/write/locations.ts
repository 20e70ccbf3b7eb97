/** Where new files of a table go. */
import { createHash, randomUUID } from 'node:crypto';
import { parsePartitionValue, partitionText, partitionTypes } from '../partition-types.js';
import { defaultPartitionSpec } from '../snapshots.js';
import type { TableMetadata, Type } from '../types.js';

const LONGEST_SEGMENT = 128;

/**
 * A fresh location for a data file: under `write.data.path`, by default `data` below the table, in a folder for each field of the default
 * partition spec. `partition` has one entry a partition field, in the text form of a literal.
 */
export function newDataLocation(metadata: TableMetadata, partition: readonly (string | null)[] = []): string {
  const root = metadata.properties['write.data.path'] ?? `${metadata.location}/data`;
  return [trimSlash(root), ...partitionFolders(metadata, partition), `${randomUUID()}.parquet`].join('/');
}

/** A fresh location for a delete file of the given extension. */
export function newDeleteLocation(metadata: TableMetadata, extension: 'parquet' | 'puffin'): string {
  const root = metadata.properties['write.data.path'] ?? `${metadata.location}/data`;
  return `${trimSlash(root)}/${randomUUID()}-deletes.${extension}`;
}

/** A location below `write.metadata.path`, by default `metadata` below the table. */
export function metadataLocation(metadata: TableMetadata, name: string): string {
  return `${trimSlash(metadata.properties['write.metadata.path'] ?? `${metadata.location}/metadata`)}/${name}`;
}

function partitionFolders(metadata: TableMetadata, partition: readonly (string | null)[]): string[] {
  const spec = defaultPartitionSpec(metadata);
  const types = partitionTypes(metadata, spec);
  return spec.fields.map((field, index) => {
    const text = partition[index] ?? null;
    const type = types[index] as Type;
    const value = text === null ? null : (parsePartitionValue(type, text) ?? text);
    const shown = typeof value === 'string' ? value : partitionText(field.transform, type, value);
    return shortened(`${encodeSegment(field.name)}=${encodeSegment(shown)}`);
  });
}

/** A folder's name is for people to read; stores limit the length of names, so that the rest of a long one is a hash of the whole. */
function shortened(segment: string): string {
  if (segment.length <= LONGEST_SEGMENT) return segment;
  const hash = createHash('sha256').update(segment).digest('hex').slice(0, 32);
  return `${segment.slice(0, LONGEST_SEGMENT - hash.length - 1)}-${hash}`;
}

/** Form encoding, as the reference implementation names its folders. */
function encodeSegment(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

function trimSlash(location: string): string {
  return location.replace(/\/+$/, '');
}
