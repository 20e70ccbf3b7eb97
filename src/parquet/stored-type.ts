/** How the values of a leaf lie in a file. */
import type { StoredType } from '../expressions/index.js';
import { annotationOf } from './annotations.js';
import type { Thrift } from './compact-reader.js';
import type { PhysicalType } from './types.js';

/** Undefined for what has to be read with care: other units, other widths, bytes without an annotation. */
export function storedType(element: Thrift, physicalType: PhysicalType): StoredType | undefined {
  const annotation = annotationOf(element);
  if (annotation.kind === 'decimal') {
    return { kind: 'decimal', precision: annotation.precision, scale: annotation.scale };
  }
  switch (physicalType) {
    case 'BOOLEAN':
      return { kind: 'boolean' };
    case 'FLOAT':
      return { kind: 'float' };
    case 'DOUBLE':
      return { kind: 'double' };
    case 'INT32':
      if (annotation.kind === 'date') return { kind: 'date' };
      return isSigned(element, 32) ? { kind: 'int' } : undefined;
    case 'INT64':
      if (annotation.kind === 'timestamp' && annotation.unit === 'micros') {
        return { kind: annotation.utc ? 'timestamptz' : 'timestamp' };
      }
      return isSigned(element, 64) ? { kind: 'long' } : undefined;
    case 'BYTE_ARRAY':
      return annotation.kind === 'string' ? { kind: 'string' } : undefined;
    default:
      return undefined;
  }
}

/** Whole numbers of just so many bits, by LogicalType or, where there is none, by ConvertedType. */
function isSigned(element: Thrift, bits: 32 | 64): boolean {
  const logical = element.field_10 as Thrift | undefined;
  const integer = logical?.field_10 as Thrift | undefined;
  if (integer) return integer.field_1 === bits && integer.field_2 === true;
  return !logical && (element.field_6 === undefined || element.field_6 === CONVERTED_INTEGERS[bits]);
}

const CONVERTED_INTEGERS = { 32: 17, 64: 18 };
