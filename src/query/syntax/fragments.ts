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

interface Stops {
  ends: ReadonlySet<string>;
  lengths: ReadonlySet<number>;
}

/** Reads pieces of one statement, in which parameters without a number get theirs. */
export class Fragments {
  readonly #cursor: Cursor;
  /** Indexes of the tokens that are parameters, in order, and the numbers of those that are written without. */
  readonly #parameters: number[];
  readonly #ordinals: Uint32Array;
  readonly #stops = new Map<string, Stops>();
  readonly pieces: StatementText['pieces'] = [];

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
    const { tokens } = cursor;
    this.#parameters = tokens.indexesOf('parameter');
    this.#ordinals = new Uint32Array(this.#parameters.length);
    let ordinal = 0;
    for (const [at, index] of this.#parameters.entries()) {
      if (tokens.end(index) - tokens.start(index) === 1) this.#ordinals[at] = ++ordinal;
    }
  }

  /** The text up to a symbol or keyword that is not part of an expression: not inside brackets, CASE … END or IS DISTINCT FROM. */
  until(what: keyof typeof KINDS, ...stops: string[]): string {
    const { tokens } = this.#cursor;
    const { ends, lengths } = this.#stopsOf(KINDS[what] === 'tables' ? [...stops, ...CLAUSES] : stops);
    let cases = 0;
    const start = this.#cursor.position;
    const written = this.#cursor.until(
      (token, index) => {
        if (tokens.isSymbol(index - 1, '.')) return false;
        const { keyword } = token;
        if (keyword === 'CASE') cases++;
        const isDistinct = keyword === 'FROM' && tokens.at(index - 1)?.keyword === 'DISTINCT';
        const isStop = cases === 0 && !isDistinct && ends.has(keyword || symbolOf(token));
        if (keyword === 'END' && cases > 0) cases--;
        return isStop;
      },
      (index) => lengths.has(tokens.end(index) - tokens.start(index)),
    );
    if (written.trim() === '') throw this.#cursor.error(`Expected ${what}`);
    this.pieces.push({ kind: KINDS[what], start, end: start + written.length });
    return this.between(start, start + written.length);
  }

  /** Where to stop, and how long the words are that matter. A statement has many pieces that end alike. */
  #stopsOf(stops: readonly string[]): Stops {
    const key = stops.join(' ');
    const known = this.#stops.get(key);
    if (known) return known;
    const made = { ends: new Set(stops), lengths: new Set(['CASE', 'END', ...stops].map(({ length }) => length)) };
    this.#stops.set(key, made);
    return made;
  }

  /** The text of characters [start, end). */
  between(start: number, end: number): string {
    const { text, tokens } = this.#cursor;
    const numbered: Edit[] = [];
    for (let at = this.#firstFrom(start); at < this.#parameters.length; at++) {
      const token = tokens.at(this.#parameters[at] as number) as Token;
      if (token.end > end) break;
      const number = this.#ordinals[at] || token.text.slice(1);
      numbered.push({ start: token.start - start, end: token.end - start, text: `$${number}` });
    }
    const piece = text.slice(start, end);
    return numbered.length === 0 ? piece : applyEdits(piece, numbered);
  }

  /** Which parameter is the first at a position or behind it. */
  #firstFrom(position: number): number {
    let [low, high] = [0, this.#parameters.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#cursor.tokens.start(this.#parameters[middle] as number) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function symbolOf(token: Token): string {
  return token.kind === 'symbol' ? token.text : '';
}
