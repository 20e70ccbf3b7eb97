import type { Literal } from '../../expressions/index.js';
import { defaultLiteral } from '../../iceberg/index.js';
import type { NestedField } from '../../iceberg/types.js';
import { quoteString } from '../../sql/index.js';

const UNQUOTED = new Set<Literal['type']>(['boolean', 'integer', 'decimal', 'float']);

/** What a column gets that an INSERT does not name, as DEFAULT has it; undefined where that is NULL. A struct has the defaults of its fields. */
export function defaultText({ type, writeDefault }: NestedField): string | undefined {
  if (type.kind === 'struct' && writeDefault != null) {
    const parts = type.fields.map((child) => `${quoteString(child.name)}: ${defaultText(child) ?? 'NULL'}`);
    return `{${parts.join(', ')}}`;
  }
  const literal = defaultLiteral(type, writeDefault);
  return literal && literalText(literal);
}

/** Numbers and truth values as they are, others as text, which the column's type reads: bytes with escapes, and years of five digits without the plus that ISO puts in front. */
function literalText({ type, text }: Literal): string {
  if (/^(?:-?\d+(?:\.\d+)?|true|false)$/.test(text) && UNQUOTED.has(type)) return text;
  if (type === 'date' || type === 'timestamp' || type === 'timestamptz') return quoteString(text.replace(/^\+/, ''));
  return quoteString(type === 'binary' ? text.replace(/../g, '\\x$&') : text);
}
