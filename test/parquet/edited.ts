/** Parquet files as other writers leave them: written by DuckDB, with a footer that says something else. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { annotated } from '../../src/parquet/annotations.js';
import { compactTypes } from '../../src/parquet/compact-reader.js';
import {
  integer,
  readFields,
  readList,
  type ThriftField,
  writeFields,
  writeList,
} from '../../src/parquet/thrift-fields.js';
import type { Annotation } from '../../src/parquet/types.js';
import { openDatabase } from './duckdb.js';

/** What a query gives, as one file; `options` go into COPY. */
export async function writtenFile(select: string, options = ''): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'skua-edited-'));
  const database = await openDatabase();
  try {
    const path = join(directory, 'file.parquet');
    await database.run(`COPY (${select}) TO '${path}' (FORMAT parquet${options && `, ${options}`})`);
    return await readFile(path);
  } finally {
    database.close();
    await rm(directory, { recursive: true, force: true });
  }
}

export interface FooterEdits {
  /** Another FileMetaData. */
  file?: (fields: ThriftField[]) => ThriftField[];
  /** Another SchemaElement; 0 is the root. */
  element?: (fields: ThriftField[], index: number) => ThriftField[];
  /** Another ColumnMetaData, by the place of its leaf. */
  chunk?: (fields: ThriftField[], leaf: number) => ThriftField[];
}

export function withFooter(file: Buffer, { file: metadata, element, chunk }: FooterEdits): Buffer {
  const length = file.readUInt32LE(file.length - 8);
  const start = file.length - 8 - length;
  const edited = writeFields(
    (metadata ?? ((fields) => fields))(readFields(file.subarray(start, start + length))).map((field) => {
      if (field.id === 2 && element)
        return each(field, (bytes, index) => writeFields(element(readFields(bytes), index)));
      if (field.id !== 4 || !chunk) return field;
      return each(field, (group) =>
        inside(group, 1, (chunks) =>
          each(chunks, (bytes, leaf) =>
            inside(bytes, 3, (meta) => ({ ...meta, value: writeFields(chunk(readFields(meta.value), leaf)) })),
          ),
        ),
      );
    }),
  );
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(edited.length, 0);
  tail.write('PAR1', 4, 'latin1');
  return Buffer.concat([file.subarray(0, start), edited, tail]);
}

/** Columns by the index of their element, annotated otherwise. */
export function reannotated(file: Buffer, annotations: Record<number, Annotation>): Buffer {
  const of = (fields: ThriftField[], index: number) => {
    const annotation = annotations[index];
    return annotation ? annotated(fields, annotation) : fields;
  };
  return withFooter(file, { element: of });
}

/** Fields of Statistics by their numbers in `parquet.thrift`: bytes for bounds, numbers for counts. */
export type StatedFields = Record<number, Uint8Array | number | boolean>;

/** Leaves by their place, with these statistics alone. */
export function withStatistics(file: Buffer, statistics: Record<number, StatedFields>): Buffer {
  return withFooter(file, {
    chunk(fields, leaf) {
      const stated = statistics[leaf];
      if (!stated) return fields;
      const value = writeFields(Object.entries(stated).map(([id, given]) => statisticsField(Number(id), given)));
      const rest = fields.filter(({ id }) => id !== 12);
      return [...rest, { id: 12, type: compactTypes.struct, value }].sort((one, other) => one.id - other.id);
    },
  });
}

function statisticsField(id: number, given: Uint8Array | number | boolean): ThriftField {
  if (typeof given === 'number') return { id, type: compactTypes.i64, value: integer(given) };
  if (typeof given === 'boolean') {
    return { id, type: given ? compactTypes.true : compactTypes.false, value: new Uint8Array(0) };
  }
  return { id, type: compactTypes.binary, value: Buffer.concat([Uint8Array.of(given.length), given]) };
}

function inside(struct: Uint8Array, id: number, change: (field: ThriftField) => ThriftField): Uint8Array {
  return writeFields(readFields(struct).map((field) => (field.id === id ? change(field) : field)));
}

function each(field: ThriftField, change: (element: Uint8Array, index: number) => Uint8Array): ThriftField {
  const { type, elements } = readList(field.value);
  return { ...field, value: writeList({ type, elements: elements.map(change) }) };
}
