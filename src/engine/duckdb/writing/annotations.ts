import { SkuaError } from '../../../errors.js';
import { defaultCrs, fieldIdsOfType, fieldsById } from '../../../iceberg/index.js';
import type { Schema, Type } from '../../../iceberg/types.js';
import {
  adjustToUtc,
  annotateFields,
  type FooterAnnotation,
  isEdgeAlgorithm,
  type WrittenFile,
} from '../../../parquet/index.js';

/**
 * Gives a data file that the engine wrote for a table the annotations that the engine can't: moments in nanoseconds, which it knows as times
 * without zone only, and variants and spatial values, of which it writes the bytes.
 */
export async function annotate(schema: Schema, written: WrittenFile): Promise<WrittenFile> {
  const moments = fieldIdsOfType(schema, 'timestamptz_ns');
  if (moments.size > 0) await adjustToUtc(written.path, moments);
  const annotations = new Map<number, FooterAnnotation>();
  for (const { id, type } of fieldsById(schema.fields).values()) {
    const annotation = annotationOf(type);
    if (annotation) annotations.set(id, annotation);
  }
  return annotations.size > 0 ? annotateFields(written, annotations) : written;
}

function annotationOf(type: Type): FooterAnnotation | undefined {
  if (type.kind === 'primitive' && type.type === 'variant') return { kind: 'variant' };
  if (type.kind !== 'geometry' && type.kind !== 'geography') return undefined;
  const crs = type.crs === defaultCrs ? undefined : type.crs;
  if (type.kind === 'geometry') return { kind: 'geometry', crs };
  if (!isEdgeAlgorithm(type.algorithm)) {
    throw new SkuaError('UNIMPLEMENTED', `geographies whose edges are "${type.algorithm}" can't be written`);
  }
  return { kind: 'geography', crs, algorithm: type.algorithm };
}
