/** The values of an INSERT: DEFAULT among them, and the types that they are given by the columns they go to. */
import { SkuaError } from '../../errors.js';
import { writeDefault } from '../../iceberg/index.js';
import type { NestedField } from '../../iceberg/types.js';
import type { Token } from '../../sql/index.js';
import { skipCommonTables } from '../syntax/change-parts.js';
import { Cursor } from '../syntax/cursor.js';
import { applyEdits, type Edit } from '../syntax/rewrite.js';
import { typedSql } from './typed-values.js';

/** One value of one row, by the tokens it begins and ends with. */
interface Value {
  column: number;
  first: Token;
  last: Token;
}

/**
 * The text of `VALUES (…), …`, behind common table expressions or not, with each bare DEFAULT replaced by the default of the column it goes to. Where some rows give a text and others
 * none, each value is cast to the column's type, since the engine would look for a type that all of them have. Any other query stays as it is.
 * A required column without a default: INVALID_ARGUMENT.
 */
export function withDefaults(sql: string, columns: readonly NestedField[]): string {
  const cursor = new Cursor(sql);
  if (cursor.at('WITH') && !skipCommonTables(cursor)) return sql;
  if (!cursor.accept('VALUES')) return sql;
  const values = valuesOf(cursor);
  const mixed = mixedColumns(values);
  const edits = values.flatMap((value): Edit[] => {
    const { column, first, last } = value;
    const { start, end } = { start: first.start, end: last.end };
    if (isDefault(value)) {
      const field = columns[column];
      if (!field) throw new SkuaError('INVALID_ARGUMENT', `There is no column for value ${column + 1}`);
      return [{ start, end, text: writeDefault(field) }];
    }
    const field = columns[column];
    return field && mixed.has(column) ? [{ start, end, text: typedSql(field.type, sql.slice(start, end)) }] : [];
  });
  return applyEdits(sql, edits);
}

/** All values of all rows. What is no list of them is left to the engine's parser. */
function valuesOf(cursor: Cursor): Value[] {
  const values: Value[] = [];
  let depth = 0;
  let column = 0;
  let first: Token | undefined;
  let last: Token | undefined;
  const take = () => {
    if (first && last) values.push({ column, first, last });
    first = undefined;
  };
  for (; !cursor.ended; cursor.next()) {
    const token = cursor.peek() as Token;
    const isSymbol = token.kind === 'symbol';
    if (isSymbol && depth === 1 && (token.text === ',' || token.text === ')')) {
      take();
      column = token.text === ',' ? column + 1 : 0;
    }
    if (isSymbol && ')]}'.includes(token.text)) depth--;
    if (depth > 0 && !(depth === 1 && isSymbol && token.text === ',')) {
      first ??= token;
      last = token;
    }
    if (isSymbol && '([{'.includes(token.text)) depth++;
    if (depth === 0 && isSymbol && token.text === ';') break;
  }
  return values;
}

/** Columns for which some rows have a text and others something else. */
function mixedColumns(values: readonly Value[]): Set<number> {
  const texts = new Set<number>();
  const others = new Set<number>();
  for (const value of values) {
    const { first, last, column } = value;
    if (isDefault(value) || (first === last && first.keyword === 'NULL')) continue;
    (first === last && first.kind === 'string' ? texts : others).add(column);
  }
  return new Set([...texts].filter((column) => others.has(column)));
}

function isDefault({ first, last }: Value): boolean {
  return first === last && first.keyword === 'DEFAULT';
}
