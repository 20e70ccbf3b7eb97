/** Types for parameters whose type the engine can't infer. */
import { DataType, type Schema } from 'apache-arrow';
import { type Token, tokenize } from '../../../sql/index.js';
import { sqlTypeOf } from '../types/sql-type.js';

/**
 * The text with a type given to some of its parameters, which are numbered from 1: `?` by its place among those, `$2` and `?2` by what is
 * written, `$name` by its place among the names.
 */
export function withCasts(sql: string, typeOf: (parameter: number) => string | undefined): string {
  const tokens = tokenize(sql);
  const numbers = new Map<string, number>();
  const pieces: string[] = [];
  let position = 0;
  let ordinal = 0;
  for (const index of tokens.indexesOf('parameter')) {
    const { start, end, text } = tokens.at(index) as Token;
    const name = text.slice(1).toLowerCase();
    let number = Number.parseInt(name, 10);
    if (name === '') number = ++ordinal;
    else if (Number.isNaN(number)) {
      number = numbers.get(name) ?? numbers.size + 1;
      numbers.set(name, number);
    }
    const type = typeOf(number);
    pieces.push(sql.slice(position, start), type === undefined ? `$${number}` : `CAST($${number} AS ${type})`);
    position = end;
  }
  return pieces.join('') + sql.slice(position);
}

/** The text as it is, and with the types of the values that are bound. */
export function typedTexts(sql: string, bound: Schema | undefined): string[] {
  if (!bound) return [sql];
  const { fields } = bound;
  const typeOf = (number: number) => {
    const field = fields[number - 1];
    return field && !DataType.isNull(field.type) ? sqlTypeOf(field) : undefined;
  };
  return [sql, withCasts(sql, typeOf)];
}
