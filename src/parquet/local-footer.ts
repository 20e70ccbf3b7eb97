/**
 * The footer under which the engine reads a file, where the file's own would mislead it. Types are what the table says of the bytes, not what
 * their writer did; of the statistics the engine, which believes them all, is shown those that are certain; and chunks in an encoding that it
 * lacks are found behind the others, in one that it has.
 */
import { createHash } from 'node:crypto';
import type { ByteRange, Storage } from '../storage/contract.js';
import { annotated, canStandFor, sameAnnotation } from './annotations.js';
import { needsPlain, plainChunk, plainSize } from './byte-stream-split.js';
import { compactTypes } from './compact-reader.js';
import { parseFooter } from './footer.js';
import { integer, readFields, readList, type ThriftField, writeFields, writeList } from './thrift-fields.js';
import type { Annotation, ChunkStatistics, ColumnChunk, ParquetFooter, SchemaElement } from './types.js';

export interface LocalFooter {
  footer: ParquetFooter;
  /** Of the file with this footer, in bytes. */
  size: number;
  /** Names what the footer says, so that other tables' readings of the file can be told from this one. */
  name: string;
  /** The file's store, as if the file ended in this footer. */
  view(storage: Pick<Storage, 'read'>): Pick<Storage, 'read'>;
}

interface Known {
  /** What has to change whatever the table. */
  maps: [number, Annotation][];
  isOdd: boolean;
  made: Map<string, LocalFooter>;
}

const knownFooters = new WeakMap<ParquetFooter, Known>();

function knownOf(footer: ParquetFooter): Known {
  const before = knownFooters.get(footer);
  if (before) return before;
  const isOdd = footer.rowGroups.some(({ chunks }) =>
    chunks.some((chunk) => hasDoubts(chunk.statistics) || needsPlain(chunk)),
  );
  const known: Known = { maps: mapsWithoutValues(footer), isOdd, made: new Map() };
  knownFooters.set(footer, known);
  return known;
}

/**
 * Undefined where the file's own footer will do.
 *
 * @param size of the file, in bytes
 * @param wanted annotations by the index of the element in `ParquetFooter.elements`; what an element's bytes can't stand for is left out
 */
export function localFooter(
  footer: ParquetFooter,
  location: string,
  size: number,
  wanted: ReadonlyMap<number, Annotation>,
): LocalFooter | undefined {
  const { maps, isOdd, made } = knownOf(footer);
  const changes = new Map([...maps, ...reannotated(footer, wanted)]);
  if (changes.size === 0 && !isOdd) return undefined;
  const key = JSON.stringify([...changes]);
  const before = made.get(key);
  if (before) return before;
  const local = rewrite(footer, location, size, changes);
  made.set(key, local);
  return local;
}

function reannotated(footer: ParquetFooter, wanted: ReadonlyMap<number, Annotation>): [number, Annotation][] {
  const changes: [number, Annotation][] = [];
  for (const [index, annotation] of wanted) {
    const element = footer.elements[index];
    if (!element?.physicalType || sameAnnotation(element.annotation, annotation)) continue;
    if (canStandFor(element.physicalType, element.length, annotation)) changes.push([index, annotation]);
  }
  return changes;
}

/** A map whose entries are keys alone, which the engine refuses with the whole file, is a list of keys to it. */
function mapsWithoutValues({ elements }: ParquetFooter): [number, Annotation][] {
  return elements.flatMap(({ annotation, childCount }, index): [number, Annotation][] => {
    const entries = elements[index + 1];
    const isSet = annotation.kind === 'map' && childCount === 1 && entries?.isRepeated && entries.childCount === 1;
    return isSet ? [[index, { kind: 'list' }]] : [];
  });
}

function hasDoubts(statistics: ChunkStatistics | undefined): boolean {
  return statistics !== undefined && (statistics.doubts.bounds || statistics.doubts.nulls);
}

function rewrite(
  footer: ParquetFooter,
  location: string,
  size: number,
  changes: ReadonlyMap<number, Annotation>,
): LocalFooter {
  const start = size - footer.length;
  const moved = new Map<ColumnChunk, number>();
  let end = start;
  for (const chunk of footer.rowGroups.flatMap(({ chunks }) => chunks).filter(needsPlain)) {
    moved.set(chunk, end);
    end += plainSize(chunk);
  }
  const metadata = rewriteMetadata(footer, changes, moved);
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(metadata.length, 0);
  tail.write('PAR1', 4, 'latin1');
  const bytes = Buffer.concat([metadata, tail]);
  const whole = end + bytes.length;
  return {
    footer: parseFooter(bytes, location, whole),
    size: whole,
    name: `footer ${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}`,
    view(storage) {
      const parts = [
        { offset: 0, length: start, read: storedPart(storage) },
        ...[...moved].map(([chunk, offset]) => ({ offset, length: plainSize(chunk), read: plainPart(storage, chunk) })),
        { offset: end, length: bytes.length, read: async (_: string, range: ByteRange) => slice(bytes, range) },
      ];
      return {
        async read(from, range = { offset: 0, length: whole }, signal) {
          const read = parts.map(({ offset, length, read: readPart }) => {
            const first = Math.max(range.offset, offset);
            const last = Math.min(range.offset + range.length, offset + length);
            return last > first ? [readPart(from, { offset: first - offset, length: last - first }, signal)] : [];
          });
          return Buffer.concat(await Promise.all(read.flat()));
        },
      };
    },
  };
}

type ReadPart = (location: string, range: ByteRange, signal?: AbortSignal) => Promise<Uint8Array>;

function storedPart(storage: Pick<Storage, 'read'>): ReadPart {
  return (location, range, signal) => storage.read(location, range, signal);
}

/** A chunk in PLAIN, unpacked once for all of its ranges. */
function plainPart(storage: Pick<Storage, 'read'>, chunk: ColumnChunk): ReadPart {
  let unpacked: Promise<Uint8Array> | undefined;
  return async (location, range, signal) => {
    unpacked ??= storage.read(location, chunk.range, signal).then((stored) => plainChunk(stored, chunk, location));
    return slice(await unpacked, range);
  };
}

function slice(bytes: Uint8Array, { offset, length }: ByteRange): Uint8Array {
  return bytes.subarray(offset, offset + length);
}

/** FileMetaData; the fields' numbers are those of `parquet.thrift`. `moved`: where chunks are instead. */
function rewriteMetadata(
  footer: ParquetFooter,
  changes: ReadonlyMap<number, Annotation>,
  moved: ReadonlyMap<ColumnChunk, number>,
): Uint8Array {
  const { elements, metadata } = footer;
  // Bounds of what stands for something else now are in another order, or not of its form.
  const changed = footer.leafElements.map((index) => {
    const [before, after] = [elements[index] as SchemaElement, changes.get(index)];
    return after !== undefined && before.annotation.kind !== after.kind;
  });
  const withChunk = (bytes: Uint8Array, chunk: ColumnChunk | undefined, leaf: number) => {
    const doubts = chunk?.statistics?.doubts;
    const dropped = [...(changed[leaf] || doubts?.bounds ? [1, 2, 5, 6, 7, 8] : []), ...(doubts?.nulls ? [3] : [])];
    const stated = dropped.length === 0 ? bytes : withoutStatistics(bytes, dropped);
    const offset = chunk && moved.get(chunk);
    return chunk === undefined || offset === undefined ? stated : inPlain(stated, offset, plainSize(chunk));
  };
  return writeFields(
    readFields(metadata).map((field) => {
      if (field.id === 2) return withElements(field, (element, index) => withAnnotation(element, changes.get(index)));
      if (field.id !== 4) return field;
      return withElements(field, (group, index) =>
        mapField(group, 1, (chunks) =>
          withElements(chunks, (chunk, leaf) => withChunk(chunk, footer.rowGroups[index]?.chunks[leaf], leaf)),
        ),
      );
    }),
  );
}

/** A ColumnChunk that is somewhere else, in PLAIN and uncompressed; without page indexes, which are of other pages. */
function inPlain(chunk: Uint8Array, offset: number, size: number): Uint8Array {
  const number = (id: number, type: number, value: number): ThriftField => ({ id, type, value: integer(value) });
  const { i32, i64 } = compactTypes;
  const place = (metadata: ThriftField): ThriftField => {
    const own = readFields(metadata.value);
    const hasDictionary = own.some(({ id }) => id === 11);
    const replaced = [
      number(4, i32, 0),
      number(6, i64, size),
      number(7, i64, size),
      number(9, i64, offset),
      ...(hasDictionary ? [number(11, i64, offset)] : []),
    ];
    const kept = own.filter(({ id }) => ![4, 6, 7, 9, 10, 11, 13].includes(id));
    return { ...metadata, value: writeFields([...kept, ...replaced].sort((one, other) => one.id - other.id)) };
  };
  const fields = readFields(mapField(chunk, 3, place));
  return writeFields(fields.filter(({ id }) => id <= 3));
}

function withAnnotation(element: Uint8Array, annotation: Annotation | undefined): Uint8Array {
  return annotation ? writeFields(annotated(readFields(element), annotation)) : element;
}

/** A ColumnChunk without some fields of its Statistics. */
function withoutStatistics(chunk: Uint8Array, dropped: readonly number[]): Uint8Array {
  return mapField(chunk, 3, (metadata) => ({
    ...metadata,
    value: mapField(metadata.value, 12, (statistics) => ({
      ...statistics,
      value: writeFields(readFields(statistics.value).filter(({ id }) => !dropped.includes(id))),
    })),
  }));
}

function mapField(struct: Uint8Array, id: number, change: (field: ThriftField) => ThriftField): Uint8Array {
  return writeFields(readFields(struct).map((field) => (field.id === id ? change(field) : field)));
}

function withElements(field: ThriftField, change: (element: Uint8Array, index: number) => Uint8Array): ThriftField {
  const { type, elements } = readList(field.value);
  return { ...field, value: writeList({ type, elements: elements.map(change) }) };
}
