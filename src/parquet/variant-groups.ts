/** Groups of a variant's metadata and value, which an engine without the annotation wrote, annotated as variants. */
import { open } from 'node:fs/promises';
import { CompactReader } from './compact-reader.js';
import type { WrittenFile } from './written-file.js';

/**
 * The field `logicalType` of a SchemaElement whose last field is `field_id`: a LogicalType that is VARIANT, of specification version 1
 * (Parquet format, `parquet.thrift`), in Thrift's compact protocol.
 */
const variantAnnotation = Uint8Array.of(0x1c, 0x0c, 0x20, 0x13, 0x01, 0x00, 0x00);

/** Annotates the groups with these field ids in a local file. What is said of the file, with its new size. */
export async function annotateVariants(written: WrittenFile, fieldIds: ReadonlySet<number>): Promise<WrittenFile> {
  const file = await open(written.path, 'r+');
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(8);
    await file.read(tail, 0, 8, size - 8);
    const metadata = Buffer.alloc(tail.readUInt32LE(0));
    const start = size - 8 - metadata.length;
    await file.read(metadata, 0, metadata.length, start);
    const annotated = withAnnotations(metadata, fieldIds);
    tail.writeUInt32LE(annotated.length, 0);
    await file.write(Buffer.concat([annotated, tail]), 0, annotated.length + 8, start);
    const grown = annotated.length - metadata.length;
    return { ...written, fileSize: written.fileSize + grown, footerSize: written.footerSize + grown };
  } finally {
    await file.close();
  }
}

function withAnnotations(metadata: Buffer, fieldIds: ReadonlySet<number>): Buffer {
  const parts: Uint8Array[] = [];
  let end = 0;
  for (const place of endsOfGroups(metadata, fieldIds)) {
    parts.push(metadata.subarray(end, place), variantAnnotation);
    end = place;
  }
  return Buffer.concat([...parts, metadata.subarray(end)]);
}

/** Where the schema elements with these field ids end, of those that have children and no annotation. */
function endsOfGroups(metadata: Uint8Array, fieldIds: ReadonlySet<number>): number[] {
  const reader = new CompactReader(metadata);
  const places: number[] = [];
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
      if (isGroup && last === 9 && fieldId !== undefined && fieldIds.has(fieldId)) places.push(reader.at - 1);
    });
  });
  return places;
}
