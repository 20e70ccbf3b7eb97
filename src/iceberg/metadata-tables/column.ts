/** Shorthand for the columns of metadata tables. */
import type { NestedField, PrimitiveType, Type } from '../types.js';

export function column(name: string, type: PrimitiveType | Type, required = false): NestedField {
  return { id: 0, name, required, type: typeof type === 'string' ? { kind: 'primitive', type } : type };
}

export function list(element: PrimitiveType | Type): Type {
  return { kind: 'list', elementId: 0, elementRequired: true, element: column('element', element).type };
}

export function map(key: PrimitiveType, value: PrimitiveType): Type {
  return {
    kind: 'map',
    keyId: 0,
    key: column('key', key).type,
    valueId: 0,
    valueRequired: true,
    value: column('value', value).type,
  };
}

export function struct(fields: NestedField[]): Type {
  return { kind: 'struct', fields };
}

/** Milliseconds as the microseconds of a timestamp. */
export function timestamp(milliseconds: number): bigint {
  return BigInt(Math.trunc(milliseconds)) * 1000n;
}
