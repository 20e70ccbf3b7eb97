/** Casts that keep a value as it is. */
import type { Type } from '../../iceberg/types.js';
import { nodeOf, type SyntaxNode, textOf } from './tree.js';

/** The engine's names of Iceberg's types. */
const NAMES: Record<string, string> = {
  boolean: 'BOOLEAN',
  int: 'INTEGER',
  long: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  date: 'DATE',
  time: 'TIME',
  timestamp: 'TIMESTAMP',
  timestamptz: 'TIMESTAMP WITH TIME ZONE',
  string: 'VARCHAR',
  uuid: 'UUID',
};

/** The type of a value that is cast to the very type that it has; undefined where the cast may change it. */
export function typeAfterCast(type: Type | undefined, { cast_type }: SyntaxNode): Type | undefined {
  const target = nodeOf(cast_type);
  const name = textOf(target?.id);
  if (type?.kind === 'primitive') return NAMES[type.type] === name ? type : undefined;
  if (type?.kind !== 'decimal' || name !== 'DECIMAL') return undefined;
  const { width, scale } = nodeOf(target?.type_info) ?? {};
  return width === type.precision && scale === type.scale ? type : undefined;
}
