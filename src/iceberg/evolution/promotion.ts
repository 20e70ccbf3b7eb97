/** Which types a column may be widened to (Iceberg spec, "Schema Evolution"). */
import { primitiveName, typeToText } from '../schema.js';
import type { Type } from '../types.js';

/** Why values of the one type can't be read as the other; undefined where they can, in tables of every format version. */
export function promotionProblem(from: Type, to: Type): string | undefined {
  if (isNested(from) || isNested(to)) {
    return 'a struct, list or map keeps its type; its fields can be altered one by one';
  }
  if (primitiveName(from) === primitiveName(to)) return undefined;
  if (from.kind === 'decimal' && to.kind === 'decimal') {
    if (from.scale !== to.scale) return 'a decimal keeps its digits after the point';
    return from.precision < to.precision ? undefined : 'a decimal can only get more digits';
  }
  if (from.kind === 'primitive' && from.type === 'unknown') return undefined;
  const [small, large] = [primitiveName(from), primitiveName(to)];
  if ((small === 'int' && large === 'long') || (small === 'float' && large === 'double')) return undefined;
  return `${typeToText(from)} to ${typeToText(to)} is none of the changes that Iceberg allows: int to long, float to double, more digits of a decimal`;
}

function isNested(type: Type): type is Extract<Type, { kind: 'struct' | 'list' | 'map' }> {
  return type.kind === 'struct' || type.kind === 'list' || type.kind === 'map';
}
