/** `{interval '1-2' YEAR TO MONTH}`: the interval literals of SQL-92 (ISO 9075-2, 5.3), as the engine spells them. */
import { quoteString, syntaxError, type Tokens } from '../../sql/index.js';

const FIELDS = ['YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE', 'SECOND'];

/** What each field has in front of it, where it is not the first. */
const SEPARATORS: Record<string, string> = { MONTH: '-', HOUR: ' ', MINUTE: ':', SECOND: ':' };

/** The literal between the tokens [first, close). Another form, or a value that does not fit its fields: INVALID_ARGUMENT. */
export function intervalLiteral(tokens: Tokens, first: number, close: number): string {
  const signed = tokens.isSymbol(first, '-') || tokens.isSymbol(first, '+');
  const value = tokens.at(signed ? first + 1 : first);
  if (value?.kind !== 'string') {
    throw syntaxError(tokens.text, tokens.start(first), 'The escape {interval …} takes a string and its fields');
  }
  const fields = fieldsOf(tokens, first + (signed ? 2 : 1), close);
  const pattern = fields.map((field, index) => (index === 0 ? '' : SEPARATORS[field]) + digits(field)).join('');
  const match = new RegExp(`^\\s*([+-]?)\\s*${pattern}\\s*$`).exec(value.text);
  if (!match) {
    const name = fields.length === 1 ? fields[0] : `${fields[0]} TO ${fields.at(-1)}`;
    throw syntaxError(tokens.text, value.start, `${quoteString(value.text)} is no interval of ${name}`);
  }
  const isNegative = tokens.isSymbol(first, '-') !== (match[1] === '-');
  const parts = fields.map((field, index) => `${isNegative ? '-' : ''}${match[index + 2]} ${field}`);
  return ` INTERVAL '${parts.join(' ')}' `;
}

function digits(field: string): string {
  return field === 'SECOND' ? '(\\d+(?:\\.\\d*)?)' : '(\\d+)';
}

/** `DAY`, `DAY(3)`, `DAY TO SECOND(6)`: the fields from the first to the last. */
function fieldsOf(tokens: Tokens, first: number, close: number): string[] {
  const from = FIELDS.indexOf(tokens.at(first)?.keyword ?? '');
  let at = behindPrecision(tokens, first + 1);
  let to = from;
  if (tokens.at(at)?.keyword === 'TO') {
    to = FIELDS.indexOf(tokens.at(at + 1)?.keyword ?? '');
    at = behindPrecision(tokens, at + 2);
    const isOneKind = (from < 2 && to < 2) || (from >= 2 && to >= 2);
    if (to <= from || !isOneKind) at = -1;
  }
  if (from >= 0 && at === close) return FIELDS.slice(from, to + 1);
  throw syntaxError(tokens.text, tokens.start(Math.min(first, close)), `Expected the fields of an interval: ${KINDS}`);
}

const KINDS = 'YEAR, MONTH, YEAR TO MONTH, DAY, HOUR, MINUTE, SECOND, or DAY TO SECOND and the like';

function behindPrecision(tokens: Tokens, at: number): number {
  if (!tokens.isSymbol(at, '(')) return at;
  let end = at;
  while (end < tokens.length && !tokens.isSymbol(end, ')')) end++;
  return end + 1;
}
