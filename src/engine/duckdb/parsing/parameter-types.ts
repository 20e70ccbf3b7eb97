/** Types for parameters whose type the engine can't infer. */
import { DataType, type Schema } from 'apache-arrow';
import { sqlTypeOf } from '../types/sql-type.js';
import { type Token, tokens } from './lexer.js';

/** The text with a type given to some of its parameters, which are numbered from 1. */
export function withCasts(sql: string, typeOf: (parameter: number) => string | undefined): string {
  const found = tokens(sql);
  let text = '';
  let ordinal = 0;
  for (let index = 0; index < found.length; index++) {
    const token = found[index] as Token;
    const piece = sql.slice(token.start, token.end);
    if (token.kind !== 'symbol' || (piece !== '?' && piece !== '$')) {
      text += piece;
      continue;
    }
    const next = found[index + 1];
    const digits = next?.kind === 'word' ? /^\d+$/.exec(sql.slice(next.start, next.end))?.[0] : undefined;
    if (digits !== undefined) index++;
    else ordinal++;
    const number = digits === undefined ? ordinal : Number(digits);
    const type = typeOf(number);
    text += type === undefined ? `$${number}` : `CAST($${number} AS ${type})`;
  }
  return text;
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
