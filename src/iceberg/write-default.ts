/** What an INSERT writes into columns that it does not name (Iceberg spec, "Default values"). */
import { SkuaError } from '../errors.js';
import { defaultLiteral } from './arrow-field.js';
import { typeToSql } from './sql-type.js';
import type { NestedField } from './types.js';

/**
 * The column's `write-default` as an SQL expression, NULL where there is none. A required column without one: INVALID_ARGUMENT naming the
 * column.
 */
export function writeDefault(field: NestedField): string {
  if (field.type.kind === 'struct' && field.writeDefault != null) {
    const parts = field.type.fields.map((child) => `"${child.name.replaceAll('"', '""')}" := ${writeDefault(child)}`);
    return `struct_pack(${parts.join(', ')})`;
  }
  const literal = defaultLiteral(field.type, field.writeDefault);
  if (!literal) {
    if (!field.required) return 'NULL';
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `Column "${field.name}" takes no nulls and has no default; give it a value`,
    );
  }
  // ISO has a plus in front of years of five digits, which SQL does not read.
  const text = literal.type === 'string' ? literal.text : literal.text.replace(/^\+/, '');
  const quoted = `'${text.replaceAll("'", "''")}'`;
  if (literal.type === 'binary') return `unhex(${quoted})`;
  return `CAST(${quoted} AS ${literal.type === 'string' ? 'VARCHAR' : typeToSql(field.type)})`;
}
