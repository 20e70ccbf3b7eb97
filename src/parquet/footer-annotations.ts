/**
 * Logical types that an engine can't write, put into the footer of a local file: of variants, of spatial values in well-known binary, and of times
 * in nanoseconds, without zone, that are written as whole numbers.
 */
import { open } from 'node:fs/promises';
import { CompactReader, compactTypes } from './compact-reader.js';
import { integer, readFields, type ThriftField, text, writeFields } from './thrift-fields.js';
import type { WrittenFile } from './written-file.js';

/** A type of `LogicalType` in `parquet.thrift` by which a field is annotated. */
export type FooterAnnotation =
  | { kind: 'variant' }
  | { kind: 'nanoseconds' }
  | { kind: 'geometry'; crs: string | undefined }
  | { kind: 'geography'; crs: string | undefined; algorithm: EdgeAlgorithm };

/** `EdgeInterpolationAlgorithm` of `parquet.thrift`, in its order. */
const edgeAlgorithms = ['spherical', 'vincenty', 'thomas', 'andoyer', 'karney'] as const;
export type EdgeAlgorithm = (typeof edgeAlgorithms)[number];

export function isEdgeAlgorithm(name: string): name is EdgeAlgorithm {
  return (edgeAlgorithms as readonly string[]).includes(name);
}

/**
 * Annotates the fields with these ids in a local file: groups of a variant's metadata and value, and leaves of bytes or of INT64. What is said of
 * the file, with its new size.
 */
export async function annotateFields(
  written: WrittenFile,
  annotations: ReadonlyMap<number, FooterAnnotation>,
): Promise<WrittenFile> {
  const file = await open(written.path, 'r+');
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(8);
    await file.read(tail, 0, 8, size - 8);
    const metadata = Buffer.alloc(tail.readUInt32LE(0));
    const start = size - 8 - metadata.length;
    await file.read(metadata, 0, metadata.length, start);
    const annotated = withAnnotations(metadata, annotations);
    tail.writeUInt32LE(annotated.length, 0);
    await file.write(Buffer.concat([annotated, tail]), 0, annotated.length + 8, start);
    const grown = annotated.length - metadata.length;
    return { ...written, fileSize: written.fileSize + grown, footerSize: written.footerSize + grown };
  } finally {
    await file.close();
  }
}

function withAnnotations(metadata: Buffer, annotations: ReadonlyMap<number, FooterAnnotation>): Buffer {
  const parts: Uint8Array[] = [];
  let end = 0;
  for (const element of plainElements(metadata)) {
    const annotation = annotations.get(element.fieldId);
    if (!annotation || element.isGroup !== (annotation.kind === 'variant')) continue;
    const fields = readFields(metadata.subarray(element.start, element.end));
    // An older annotation, by which some readers go before the newer one.
    const others = fields.filter(({ id }) => id !== CONVERTED_TYPE);
    parts.push(metadata.subarray(end, element.start), writeFields([...others, logicalTypeField(annotation)]));
    end = element.end;
  }
  return Buffer.concat([...parts, metadata.subarray(end)]);
}

/** Fields of SchemaElement, by their numbers. */
const [NUMBER_OF_CHILDREN, CONVERTED_TYPE, FIELD_ID, LOGICAL_TYPE] = [5, 6, 9, 10];

/** The field `logicalType` of a SchemaElement. */
function logicalTypeField(annotation: FooterAnnotation): ThriftField {
  const [id, fields] = unionOf(annotation);
  const value = writeFields([{ id, type: compactTypes.struct, value: writeFields(fields) }]);
  return { id: LOGICAL_TYPE, type: compactTypes.struct, value };
}

/** The number of the type in the union, and the fields that it is written with. A coordinate system that is the usual one is left out. */
function unionOf(annotation: FooterAnnotation): [id: number, fields: ThriftField[]] {
  if (annotation.kind === 'variant') return [16, [{ id: 1, type: compactTypes.byte, value: Uint8Array.of(1) }]];
  if (annotation.kind === 'nanoseconds') {
    const unit = writeFields([{ id: 3, type: compactTypes.struct, value: writeFields([]) }]);
    const isAdjustedToUtc: ThriftField = { id: 1, type: compactTypes.false, value: new Uint8Array() };
    return [8, [isAdjustedToUtc, { id: 2, type: compactTypes.struct, value: unit }]];
  }
  const { crs } = annotation;
  const fields = crs === undefined ? [] : [{ id: 1, type: compactTypes.binary, value: text(crs) }];
  if (annotation.kind === 'geometry') return [17, fields];
  const algorithm = integer(edgeAlgorithms.indexOf(annotation.algorithm));
  return [18, [...fields, { id: 2, type: compactTypes.i32, value: algorithm }]];
}

interface PlainElement {
  fieldId: number;
  isGroup: boolean;
  /** Where the element starts and ends. */
  start: number;
  end: number;
}

/** The schema elements with an id and without a logical type. */
function plainElements(metadata: Uint8Array): PlainElement[] {
  const reader = new CompactReader(metadata);
  const elements: PlainElement[] = [];
  reader.fields((id, type) => {
    if (id !== 2) return reader.skip(type);
    reader.list(() => {
      const start = reader.at;
      let isPlain = true;
      let fieldId: number | undefined;
      let isGroup = false;
      reader.fields((field, fieldType) => {
        isGroup ||= field === NUMBER_OF_CHILDREN;
        isPlain &&= field < LOGICAL_TYPE;
        if (field === FIELD_ID) fieldId = reader.integer();
        else reader.skip(fieldType);
      });
      if (isPlain && fieldId !== undefined) elements.push({ fieldId, isGroup, start, end: reader.at });
    });
  });
  return elements;
}
