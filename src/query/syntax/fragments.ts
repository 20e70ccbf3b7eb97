/** Pieces of a statement that are kept as text: expressions, conditions, lists of tables. */

import type { Token } from '../../sql/index.js';
import type { Cursor } from './cursor.js';
import { applyEdits, type Edit } from './rewrite.js';
import type { StatementText } from './row-change.js';

const KINDS = {
  'an expression': 'expression',
  'a condition': 'expression',
  tables: 'tables',
  'a table or a query': 'tables',
} as const;

/** What would make a query of its own of a list of tables. */
const CLAUSES = 'WHERE GROUP HAVING ORDER LIMIT OFFSET FETCH UNION EXCEPT INTERSECT QUALIFY WINDOW SELECT'.split(' ');

/** Reads pieces of one statement, in which parameters without a number get theirs. */
export class Fragments {
  readonly #numbers: Edit[];
  readonly pieces: StatementText['pieces'] = [];

  constructor(private readonly cursor: Cursor) {
    let ordinal = 0;
    this.#numbers = cursor.tokens.indexesOf('parameter').map((index) => {
      const { start, end, text } = cursor.tokens.at(index) as Token;
      return { start, end, text: `$${text.slice(1) || ++ordinal}` };
    });
  }

  /** The text up to a symbol or keyword that is not part of an expression: not inside brackets, CASE … END or IS DISTINCT FROM. */
  until(what: keyof typeof KINDS, ...stops: string[]): string {
    const ends = new Set(KINDS[what] === 'tables' ? [...stops, ...CLAUSES] : stops);
    let cases = 0;
    let before: Token | undefined;
    const start = this.cursor.position;
    const written = this.cursor.until((token) => {
      const isName = before?.text === '.' && before.kind === 'symbol';
      const isDistinct = token.keyword === 'FROM' && before?.keyword === 'DISTINCT';
      if (token.keyword === 'CASE' && !isName) cases++;
      const isStop = cases === 0 && !isName && !isDistinct && ends.has(token.keyword || symbolOf(token));
      if (token.keyword === 'END' && !isName && cases > 0) cases--;
      before = token;
      return isStop;
    });
    if (written.trim() === '') throw this.cursor.error(`Expected ${what}`);
    this.pieces.push({ kind: KINDS[what], start, end: start + written.length });
    return this.between(start, start + written.length);
  }

  /** The text of characters [start, end). */
  between(start: number, end: number): string {
    const shifted: Edit[] = [];
    for (let index = firstFrom(this.#numbers, start); index < this.#numbers.length; index++) {
      const edit = this.#numbers[index] as Edit;
      if (edit.end > end) break;
      shifted.push({ ...edit, start: edit.start - start, end: edit.end - start });
    }
    return applyEdits(this.cursor.text.slice(start, end), shifted);
  }
}

/** The index of the first edit at a position or behind it; edits are in order. */
function firstFrom(edits: readonly Edit[], position: number): number {
  let [low, high] = [0, edits.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edits[middle] as Edit).start < position) low = middle + 1;
    else high = middle;
  }
  return low;
}

function symbolOf(token: Token): string {
  return token.kind === 'symbol' ? token.text : '';
}
