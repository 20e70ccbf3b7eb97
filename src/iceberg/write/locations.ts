/** Where new files of a table go. */
import { createHash, randomUUID } from 'node:crypto';
import { normalizeLocation } from '../../storage/index.js';
import { parseWrittenValue, partitionText, partitionTypes } from '../partition-types.js';
import { defaultPartitionSpec } from '../snapshots.js';
import { murmur3 } from '../transforms/murmur3.js';
import type { TableMetadata, Type } from '../types.js';

const LONGEST_SEGMENT = 128;

/**
 * A fresh location for a data file: under `write.data.path`, by default `data` below the table, in a folder for each field of the default
 * partition spec. `partition` has one entry a partition field, in the text form of a literal.
 */
export function newDataLocation(metadata: TableMetadata, partition: readonly (string | null)[] = []): string {
  const folders = partitionFolders(metadata, partition);
  const name = `${randomUUID()}.parquet`;
  const { properties } = metadata;
  if (properties['write.object-storage.enabled']?.toLowerCase() === 'true') {
    return objectLocation(metadata, folders, name);
  }
  const root = properties['write.data.path'] ?? properties['write.folder-storage.path'] ?? `${metadata.location}/data`;
  return [trimSlash(root), ...folders, name].join('/');
}

/**
 * Below folders of a hash, by which stores spread the load, as the reference implementation lays them out: `0101/0110/1001/10110010/`. A root that
 * several tables may share names the table behind the hash.
 */
function objectLocation({ location, properties }: TableMetadata, folders: readonly string[], name: string): string {
  const given =
    properties['write.data.path'] ?? properties['write.object-storage.path'] ?? properties['write.folder-storage.path'];
  const root = trimSlash(given ?? `${location}/data`);
  const isShared = !normalizeLocation(root).startsWith(normalizeLocation(trimSlash(location)));
  const isByPartition = properties['write.object-storage.partitioned-paths']?.toLowerCase() !== 'false';
  const file = isByPartition ? [...folders, name].join('/') : name;
  const bits = (murmur3(Buffer.from(file, 'utf8')) >>> 0).toString(2).padStart(32, '0').slice(-20);
  const hash = [bits.slice(0, 4), bits.slice(4, 8), bits.slice(8, 12), bits.slice(12)].join('/');
  if (isShared) return [root, hash, ...trimSlash(location).split('/').slice(-2), file].join('/');
  return isByPartition ? [root, hash, file].join('/') : `${root}/${hash}-${file}`;
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
    const value = text === null ? null : (parseWrittenValue(type, text) ?? text);
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
