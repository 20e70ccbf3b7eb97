/**
 * Timestamps in nanoseconds that a footer calls adjusted to UTC, which DuckDB does not write. The flag is half a byte of the footer, and nothing
 * else hangs on it.
 */
import { open } from 'node:fs/promises';
import { CompactReader, compactTypes } from './compact-reader.js';

export interface NanosecondColumn {
  fieldId: number | undefined;
  isAdjusted: boolean;
  /** Where the byte with the flag is, counted from the start of the metadata. */
  offset: number;
}

/** The leaves of the schema that are timestamps in nanoseconds (Parquet format, "SchemaElement", "TimestampType"). */
export function nanosecondColumns(metadata: Uint8Array): NanosecondColumn[] {
  const reader = new CompactReader(metadata);
  const columns: NanosecondColumn[] = [];
  reader.fields((id, type) => {
    if (id !== 2) return reader.skip(type);
    reader.list(() => {
      const column = schemaElement(reader);
      if (column) columns.push(column);
    });
  });
  return columns;
}

function schemaElement(reader: CompactReader): NanosecondColumn | undefined {
  let fieldId: number | undefined;
  let timestamp: Omit<NanosecondColumn, 'fieldId'> | undefined;
  reader.fields((id, type) => {
    if (id === 9) fieldId = reader.integer();
    else if (id === 10) timestamp = logicalType(reader);
    else reader.skip(type);
  });
  return timestamp && { fieldId, ...timestamp };
}

function logicalType(reader: CompactReader): Omit<NanosecondColumn, 'fieldId'> | undefined {
  let isNanoseconds = false;
  let flag: { isAdjusted: boolean; offset: number } | undefined;
  reader.fields((kind, kindType) => {
    if (kind !== 8) return reader.skip(kindType);
    reader.fields((id, type, offset) => {
      if (id === 1) flag = { isAdjusted: type === compactTypes.true, offset };
      else if (id === 2) {
        reader.fields((unit, unitType) => {
          isNanoseconds ||= unit === 3;
          reader.skip(unitType);
        });
      } else reader.skip(type);
    });
  });
  return isNanoseconds ? flag : undefined;
}

function withFlag(byte: number, isAdjusted: boolean): number {
  return (byte & 0xf0) | (isAdjusted ? compactTypes.true : compactTypes.false);
}

/** Marks the columns with these field ids in a local file as adjusted to UTC. */
export async function adjustToUtc(path: string, fieldIds: ReadonlySet<number>): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(8);
    await file.read(tail, 0, 8, size - 8);
    const metadata = Buffer.alloc(tail.readUInt32LE(0));
    const start = size - 8 - metadata.length;
    await file.read(metadata, 0, metadata.length, start);
    for (const { fieldId, isAdjusted, offset } of nanosecondColumns(metadata)) {
      if (isAdjusted || fieldId === undefined || !fieldIds.has(fieldId)) continue;
      await file.write(Uint8Array.of(withFlag(metadata[offset] as number, true)), 0, 1, start + offset);
    }
  } finally {
    await file.close();
  }
}
