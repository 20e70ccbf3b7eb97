/** Which types a column may be widened to (Iceberg spec, "Schema Evolution"). */
import { primitiveName, typeToText } from '../schema.js';
import type { Type } from '../types.js';

/** Why values of the one type can't be read as the other in tables of a format version; undefined where they can. */
export function promotionProblem(from: Type, to: Type, formatVersion: number): string | undefined {
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
  if (small === 'date' && canHaveBeenDate(to)) {
    return formatVersion >= 3 ? undefined : `${small} to ${large} takes a table of format version 3`;
  }
  return `${typeToText(from)} to ${typeToText(to)} is none of the changes that Iceberg allows: int to long, float to double, more digits of a decimal, and from format version 3 on date to timestamp or timestamp_ns`;
}

/** Whether dates can have been promoted to the type. */
export function canHaveBeenDate(type: Type): boolean {
  return type.kind === 'primitive' && (type.type === 'timestamp' || type.type === 'timestamp_ns');
}

function isNested(type: Type): type is Extract<Type, { kind: 'struct' | 'list' | 'map' }> {
  return type.kind === 'struct' || type.kind === 'list' || type.kind === 'map';
}
