/** The tokens of a text. Comments and white space are none. */
import { mostNested, refuseNesting } from './limits.js';
import { syntaxError } from './places.js';
import { Scanner, type Unclosed } from './scanner.js';
import { TOKEN_KINDS, Token, type TokenKind } from './token.js';
import { atOnce } from './turns.js';

/** Characters that are cut into tokens, and tokens that are looked at, between two looks at the clock. */
export const STEP = 16_384;

const SYMBOL = TOKEN_KINDS.indexOf('symbol');
const QUOTED = TOKEN_KINDS.indexOf('quoted');
const WORD = TOKEN_KINDS.indexOf('word');

/** Tokens by index, made when they are asked for. */
export class Tokens implements Iterable<Token> {
  readonly #scanned: Pick<Scanner, 'kinds' | 'starts' | 'ends'>;

  constructor(
    readonly text: string,
    /** Where the text ends in the middle of a string, a name or a comment. */
    readonly unclosed: { what: Unclosed; start: number } | undefined,
    scanned: Pick<Scanner, 'kinds' | 'starts' | 'ends'>,
    readonly length: number,
  ) {
    this.#scanned = scanned;
  }

  at(index: number): Token | undefined {
    if (!(index >= 0 && index < this.length)) return undefined;
    return new Token(this.text, this.kind(index), this.start(index), this.end(index));
  }

  kind(index: number): TokenKind {
    return TOKEN_KINDS[this.#scanned.kinds[index] as number] as TokenKind;
  }

  /** Character offset of the token. */
  start(index: number): number {
    return this.#scanned.starts[index] as number;
  }

  /** Character offset behind the token. */
  end(index: number): number {
    return this.#scanned.ends[index] as number;
  }

  /** The indexes of all tokens of a kind. */
  indexesOf(kind: TokenKind): number[] {
    const wanted = TOKEN_KINDS.indexOf(kind);
    const found: number[] = [];
    for (let index = 0; index < this.length; index++) if (this.#scanned.kinds[index] === wanted) found.push(index);
    return found;
  }

  /** Tokens [start, end), as an array. */
  slice(start: number, end: number): Token[] {
    const tokens: Token[] = [];
    for (let index = start; index < Math.min(end, this.length); index++) tokens.push(this.at(index) as Token);
    return tokens;
  }

  /** Whether the test holds for any word or quoted name. */
  someName(test: (token: Token, index: number) => boolean): boolean {
    for (let index = 0; index < this.length; index++) {
      if (this.isName(index) && test(this.at(index) as Token, index)) return true;
    }
    return false;
  }

  /** Whether the token is a word or a quoted name. */
  isName(index: number): boolean {
    const kind = index < this.length ? this.#scanned.kinds[index] : undefined;
    return kind === WORD || kind === QUOTED;
  }

  isWord(index: number): boolean {
    return index < this.length && this.#scanned.kinds[index] === WORD;
  }

  /** Whether the token is this symbol, of one character. */
  isSymbol(index: number, symbol: string): boolean {
    return (
      index >= 0 &&
      index < this.length &&
      this.#scanned.kinds[index] === SYMBOL &&
      this.end(index) - this.start(index) === 1 &&
      this.text.charCodeAt(this.start(index)) === symbol.charCodeAt(0)
    );
  }

  /** 1 for a bracket that opens, -1 for one that closes, of any kind; else 0. */
  nesting(index: number): -1 | 0 | 1 {
    if (this.#scanned.kinds[index] !== SYMBOL) return 0;
    switch (this.text.charCodeAt(this.start(index))) {
      case 0x28:
      case 0x5b:
      case 0x7b:
        return 1;
      case 0x29:
      case 0x5d:
      case 0x7d:
        return -1;
      default:
        return 0;
    }
  }

  /** The index of the first token that starts at a character offset or behind it; -1 where there is none. */
  from(offset: number): number {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.start(middle) < offset) low = middle + 1;
      else high = middle;
    }
    return low < this.length ? low : -1;
  }

  /** The tokens of a piece of the text, at their offsets in the piece. */
  within(start: number, end: number): Tokens {
    const [first, behind] = [this.from(start), this.from(end)];
    const last = behind < 0 ? this.length : behind;
    if (first < 0 || last <= first) return new Tokens(this.text.slice(start, end), undefined, NONE, 0);
    if (start === 0) return new Tokens(this.text.slice(0, end), undefined, this.#scanned, last);
    const shift = (offsets: Uint32Array) => offsets.slice(first, last).map((offset) => offset - start);
    const { kinds, starts, ends } = this.#scanned;
    const scanned = { kinds: kinds.slice(first, last), starts: shift(starts), ends: shift(ends) };
    return new Tokens(this.text.slice(start, end), undefined, scanned, last - first);
  }

  /** The text with whatever lies between its tokens changed. */
  mapBlanks(change: (blank: string) => string): string {
    const pieces: string[] = [];
    let end = 0;
    for (let index = 0; index < this.length; index++) {
      const start = this.start(index);
      if (start > end) pieces.push(change(this.text.slice(end, start)));
      pieces.push(this.text.slice(start, this.end(index)));
      end = this.end(index);
    }
    return pieces.join('') + change(this.text.slice(end));
  }

  *[Symbol.iterator](): Generator<Token> {
    for (let index = 0; index < this.length; index++) yield this.at(index) as Token;
  }
}

const NONE = { kinds: new Uint8Array(), starts: new Uint32Array(), ends: new Uint32Array() };

/** All tokens of a text, whatever it ends in. Brackets that are nested more deeply: INVALID_ARGUMENT. */
export function* scanSteps(text: string, deepest = mostNested): Generator<void, Tokens> {
  const scanner = new Scanner(text, deepest);
  while (!scanner.done) {
    scanner.advance(scanner.position + STEP);
    if (!scanner.done) yield;
  }
  if (scanner.tooDeepAt >= 0) throw refuseNesting(text, scanner.tooDeepAt);
  return new Tokens(text, scanner.unclosed, scanner, scanner.count);
}

/** As `tokenize`, in steps. */
export function* tokenizeSteps(text: string): Generator<void, Tokens> {
  const tokens = yield* scanSteps(text);
  const { unclosed } = tokens;
  if (!unclosed) return tokens;
  throw syntaxError(text, unclosed.start, `A ${unclosed.what} is not closed`);
}

/** All tokens of a text. A string, name or comment that is not closed, and brackets that are nested too deeply: INVALID_ARGUMENT. */
export function tokenize(text: string): Tokens {
  return atOnce(tokenizeSteps(text));
}

/** All tokens of a text, whatever it ends in and however deeply its brackets are nested. */
export function scan(text: string): Tokens {
  return atOnce(scanSteps(text, Number.POSITIVE_INFINITY));
}
