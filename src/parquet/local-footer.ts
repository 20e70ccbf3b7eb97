/**
 * The footer under which the engine reads a file, where the file's own would mislead it. Types are what the table says of the bytes, not what
 * their writer did; and of the statistics the engine, which believes them all, is shown those that are certain.
 */
import { createHash } from 'node:crypto';
import type { ByteRange, Storage } from '../storage/contract.js';
import { type Annotation, annotated, canStandFor, sameAnnotation } from './annotations.js';
import { parseFooter } from './footer.js';
import { readFields, readList, type ThriftField, writeFields, writeList } from './thrift-fields.js';
import type { ChunkStatistics, ParquetFooter, SchemaElement } from './types.js';

export interface LocalFooter {
  footer: ParquetFooter;
  /** Of the file with this footer, in bytes. */
  size: number;
  /** Names what the footer says, so that other tables' readings of the file can be told from this one. */
  name: string;
  /** The file's store, as if the file ended in this footer. */
  view(storage: Pick<Storage, 'read'>): Pick<Storage, 'read'>;
}

const known = new WeakMap<ParquetFooter, Map<string, LocalFooter | undefined>>();

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
  const changes = new Map([...mapsWithoutValues(footer), ...reannotated(footer, wanted)]);
  const isDoubtful = footer.rowGroups.some(({ chunks }) => chunks.some(({ statistics }) => hasDoubts(statistics)));
  if (changes.size === 0 && !isDoubtful) return undefined;
  const key = JSON.stringify([...changes]);
  const before = known.get(footer) ?? new Map<string, LocalFooter | undefined>();
  known.set(footer, before);
  const made = before.get(key) ?? rewrite(footer, location, size, changes);
  before.set(key, made);
  return made;
}

function reannotated(footer: ParquetFooter, wanted: ReadonlyMap<number, Annotation>): [number, Annotation][] {
  return [...wanted].filter(([index, annotation]) => {
    const element = footer.elements[index];
    if (!element?.physicalType || sameAnnotation(element.annotation, annotation)) return false;
    return canStandFor(element.physicalType, element.length, annotation);
  });
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
  const metadata = rewriteMetadata(footer, changes);
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(metadata.length, 0);
  tail.write('PAR1', 4, 'latin1');
  const bytes = Buffer.concat([metadata, tail]);
  const start = size - footer.length;
  return {
    footer: parseFooter(bytes, location, start + bytes.length),
    size: start + bytes.length,
    name: `footer ${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}`,
    view: (storage) => ({
      async read(from, range: ByteRange = { offset: 0, length: start + bytes.length }, signal) {
        const end = range.offset + range.length;
        const own = bytes.subarray(Math.max(0, range.offset - start), Math.max(0, end - start));
        if (range.offset >= start) return own;
        const stored = { offset: range.offset, length: Math.min(end, start) - range.offset };
        return Buffer.concat([await storage.read(from, stored, signal), own]);
      },
    }),
  };
}

/** FileMetaData; the fields' numbers are those of `parquet.thrift`. */
function rewriteMetadata(footer: ParquetFooter, changes: ReadonlyMap<number, Annotation>): Uint8Array {
  const { elements, metadata } = footer;
  // Bounds of what stands for something else now are in another order, or not of its form.
  const changed = footer.leafElements.map((index) => {
    const [before, after] = [elements[index] as SchemaElement, changes.get(index)];
    return after !== undefined && before.annotation.kind !== after.kind;
  });
  return writeFields(
    readFields(metadata).map((field) => {
      if (field.id === 2) return withElements(field, (element, index) => withAnnotation(element, changes.get(index)));
      if (field.id !== 4) return field;
      return withElements(field, (group, index) =>
        mapField(group, 1, (chunks) =>
          withElements(chunks, (chunk, leaf) => {
            const doubts = footer.rowGroups[index]?.chunks[leaf]?.statistics?.doubts;
            const dropped = [
              ...(changed[leaf] || doubts?.bounds ? [1, 2, 5, 6, 7, 8] : []),
              ...(doubts?.nulls ? [3] : []),
            ];
            return dropped.length === 0 ? chunk : withoutStatistics(chunk, dropped);
          }),
        ),
      );
    }),
  );
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
