/** Logical types that an engine can't write, put into the footer of a local file: of variants, and of spatial values in well-known binary. */
import { open } from 'node:fs/promises';
import { CompactReader, compactTypes } from './compact-reader.js';
import { integer, type ThriftField, text, writeFields } from './thrift-fields.js';
import type { WrittenFile } from './written-file.js';

/** A type of `LogicalType` in `parquet.thrift` by which a field is annotated. */
export type FooterAnnotation =
  | { kind: 'variant' }
  | { kind: 'geometry'; crs: string | undefined }
  | { kind: 'geography'; crs: string | undefined; algorithm: EdgeAlgorithm };

/** `EdgeInterpolationAlgorithm` of `parquet.thrift`, in its order. */
const edgeAlgorithms = ['spherical', 'vincenty', 'thomas', 'andoyer', 'karney'] as const;
export type EdgeAlgorithm = (typeof edgeAlgorithms)[number];

export function isEdgeAlgorithm(name: string): name is EdgeAlgorithm {
  return (edgeAlgorithms as readonly string[]).includes(name);
}

/**
 * Annotates the fields with these ids in a local file: groups of a variant's metadata and value, and leaves of bytes. What is said of the file,
 * with its new size.
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
  for (const { fieldId, isGroup, place } of plainElements(metadata)) {
    const annotation = annotations.get(fieldId);
    if (!annotation || isGroup !== (annotation.kind === 'variant')) continue;
    parts.push(metadata.subarray(end, place), logicalTypeField(annotation));
    end = place;
  }
  return Buffer.concat([...parts, metadata.subarray(end)]);
}

/** The field `logicalType` of a SchemaElement whose last field is `field_id`, in Thrift's compact protocol. */
function logicalTypeField(annotation: FooterAnnotation): Uint8Array {
  const [id, fields] = unionOf(annotation);
  const union = writeFields([{ id, type: compactTypes.struct, value: writeFields(fields) }]);
  return Buffer.concat([Uint8Array.of((1 << 4) | compactTypes.struct), union]);
}

/** The number of the type in the union, and the fields that it is written with. A coordinate system that is the usual one is left out. */
function unionOf(annotation: FooterAnnotation): [id: number, fields: ThriftField[]] {
  if (annotation.kind === 'variant') return [16, [{ id: 1, type: compactTypes.byte, value: Uint8Array.of(1) }]];
  const { crs } = annotation;
  const fields = crs === undefined ? [] : [{ id: 1, type: compactTypes.binary, value: text(crs) }];
  if (annotation.kind === 'geometry') return [17, fields];
  const algorithm = integer(edgeAlgorithms.indexOf(annotation.algorithm));
  return [18, [...fields, { id: 2, type: compactTypes.i32, value: algorithm }]];
}

interface PlainElement {
  fieldId: number;
  isGroup: boolean;
  /** Where the element ends, but for the byte that says so. */
  place: number;
}

/** The schema elements with an id and without an annotation. */
function plainElements(metadata: Uint8Array): PlainElement[] {
  const reader = new CompactReader(metadata);
  const elements: PlainElement[] = [];
  reader.fields((id, type) => {
    if (id !== 2) return reader.skip(type);
    reader.list(() => {
      let last = 0;
      let fieldId: number | undefined;
      let isGroup = false;
      reader.fields((field, fieldType) => {
        last = field;
        isGroup ||= field === 5;
        if (field === 9) fieldId = reader.integer();
        else reader.skip(fieldType);
      });
      // The struct ends with one byte.
      if (last === 9 && fieldId !== undefined) elements.push({ fieldId, isGroup, place: reader.at - 1 });
    });
  });
  return elements;
}
