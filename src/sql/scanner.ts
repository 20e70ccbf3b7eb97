/** Cuts SQL text into tokens in DuckDB's lexical rules, and with backticks around names. Every character is looked at a bounded number of times. */
import {
  BLANK,
  classOf,
  continuesTag,
  continuesWord,
  DIGIT,
  isDigit,
  isLineEnd,
  MIXED,
  NAME_QUOTE,
  OPERATOR,
  QUOTE,
  WORD_START,
} from './characters.js';
import { type Escapes, endOfQuote, endOfString } from './quoted.js';
import { TOKEN_KINDS, type TokenKind } from './token.js';

export type Unclosed = 'comment' | 'string' | 'quoted name' | 'dollar-quoted string';

const code = (kind: TokenKind) => TOKEN_KINDS.indexOf(kind);
const [WORD, QUOTED, STRING, BLOB, BITS] = [code('word'), code('quoted'), code('string'), code('blob'), code('bits')];
const [NUMBER, PARAMETER, SYMBOL] = [code('number'), code('parameter'), code('symbol')];

const [MINUS, PLUS, SLASH, STAR, DOLLAR, DOT, COLON] = [0x2d, 0x2b, 0x2f, 0x2a, 0x24, 0x2e, 0x3a];
const [LETTER_B, LETTER_E, LETTER_U, LETTER_X] = [0x62, 0x65, 0x75, 0x78];
const [SINGLE_QUOTE, DOUBLE_QUOTE, QUESTION, UNDERSCORE, AMPERSAND] = [0x27, 0x22, 0x3f, 0x5f, 0x26];

/** Where tokens begin and end, and of which kind they are: 9 bytes each, so that a long text costs little more than itself. */
export class Scanner {
  readonly #text: string;
  readonly #mostNested: number;
  kinds = new Uint8Array(256);
  starts = new Uint32Array(256);
  ends = new Uint32Array(256);
  count = 0;
  /** Where brackets were first nested deeper than they may be; -1 where they never were. */
  tooDeepAt = -1;
  /** What the text ends in the middle of. */
  unclosed: { what: Unclosed; start: number } | undefined;
  position = 0;
  #depth = 0;
  /** The rest of a run of operators, known to be `+` and `-` alone up to here. */
  #signsUntil = 0;

  constructor(text: string, mostNested: number) {
    this.#text = text;
    this.#mostNested = mostNested;
  }

  get done(): boolean {
    return this.position >= this.#text.length;
  }

  /** Goes on to the first token that begins at `until` or behind it. */
  advance(until: number): void {
    const text = this.#text;
    const end = Math.min(until, text.length);
    while (this.position < end) {
      const start = this.position;
      const first = text.charCodeAt(start);
      switch (classOf(first)) {
        case BLANK:
          this.position++;
          break;
        case WORD_START:
          this.#word(start, first);
          break;
        case DIGIT:
          this.#push(NUMBER, start, endOfNumber(text, start));
          break;
        case QUOTE:
          this.#string(STRING, start, start, 'doubled');
          break;
        case NAME_QUOTE:
          this.#name(start, start, text.charAt(start));
          break;
        case OPERATOR:
          this.#operator(start, first);
          break;
        case MIXED:
          this.#mixed(start, first);
          break;
        default:
          this.#single(start, first);
      }
    }
  }

  #push(kind: number, start: number, end: number): void {
    const index = this.count++;
    if (index === this.kinds.length) this.#grow();
    this.kinds[index] = kind;
    this.starts[index] = start;
    this.ends[index] = end;
    this.position = end;
  }

  #grow(): void {
    const capacity = this.kinds.length * 2;
    const [kinds, starts, ends] = [new Uint8Array(capacity), new Uint32Array(capacity), new Uint32Array(capacity)];
    kinds.set(this.kinds);
    starts.set(this.starts);
    ends.set(this.ends);
    Object.assign(this, { kinds, starts, ends });
  }

  #unfinished(what: Unclosed, start: number): number {
    this.unclosed = { what, start };
    return this.#text.length;
  }

  #single(start: number, first: number): void {
    // ( [ { and their partners.
    if (first === 0x28 || first === 0x5b || first === 0x7b) {
      if (++this.#depth > this.#mostNested && this.tooDeepAt < 0) this.tooDeepAt = start;
    } else if (first === 0x29 || first === 0x5d || first === 0x7d) this.#depth = Math.max(this.#depth - 1, 0);
    this.#push(SYMBOL, start, start + 1);
  }

  #word(start: number, first: number): void {
    const text = this.#text;
    if (first < 128 && this.#beginsLiteral(start)) {
      this.#prefixed(start, first | 0x20);
      return;
    }
    let end = start + 1;
    while (end < text.length && continuesWord(text.charCodeAt(end))) end++;
    this.#push(WORD, start, end);
  }

  /** E'', X'', B'', U&'' and U&"". */
  #prefixed(start: number, letter: number): void {
    if (letter === LETTER_E) this.#string(STRING, start, start + 1, 'backslashes');
    else if (letter === LETTER_X) this.#string(BLOB, start, start + 1, 'none');
    else if (letter === LETTER_B) this.#string(BITS, start, start + 1, 'none');
    else if (this.#text.charCodeAt(start + 2) === DOUBLE_QUOTE) this.#name(start, start + 2, '"');
    else this.#string(STRING, start, start + 2, 'doubled');
  }

  #beginsLiteral(start: number): boolean {
    const letter = this.#text.charCodeAt(start) | 0x20;
    const next = this.#text.charCodeAt(start + 1);
    if (next === SINGLE_QUOTE) return letter === LETTER_E || letter === LETTER_X || letter === LETTER_B;
    const third = this.#text.charCodeAt(start + 2);
    return letter === LETTER_U && next === AMPERSAND && (third === SINGLE_QUOTE || third === DOUBLE_QUOTE);
  }

  #name(start: number, open: number, quote: string): void {
    const end = endOfQuote(this.#text, open, quote);
    this.#push(QUOTED, start, end < 0 ? this.#unfinished('quoted name', start) : end);
  }

  /** A string goes on in the next quotes where a line break, and no more than blanks and line comments, lies between. */
  #string(kind: number, start: number, first: number, escapes: Escapes): void {
    let end = endOfString(this.#text, first, escapes);
    while (end >= 0) {
      const open = continuation(this.#text, end);
      if (open < 0) break;
      end = endOfString(this.#text, open, escapes);
    }
    this.#push(kind, start, end < 0 ? this.#unfinished('string', start) : end);
  }

  #operator(start: number, first: number): void {
    const second = this.#text.charCodeAt(start + 1);
    if (start < this.#signsUntil) this.#push(SYMBOL, start, start + 1);
    else if (first === MINUS && second === MINUS) this.position = endOfLine(this.#text, start);
    else if (first === SLASH && second === STAR) {
      const end = endOfComment(this.#text, start);
      this.position = end < 0 ? this.#unfinished('comment', start) : end;
    } else this.#run(start);
  }

  /** A run of operators ends before a comment. Signs at its end are tokens of their own, unless it has a character that standard SQL's operators lack. */
  #run(start: number): void {
    const text = this.#text;
    let end = start;
    let endOfLast = start + 1;
    let keepsSigns = false;
    for (; end < text.length; end++) {
      const character = text.charCodeAt(end);
      if (classOf(character) !== OPERATOR || beginsComment(text, end, character)) break;
      if (character !== PLUS && character !== MINUS) endOfLast = end + 1;
      keepsSigns ||= isOwnOperator(character);
    }
    this.#push(SYMBOL, start, keepsSigns ? end : endOfLast);
    this.#signsUntil = end;
  }

  #mixed(start: number, first: number): void {
    const text = this.#text;
    const second = text.charCodeAt(start + 1);
    if (first === DOT) {
      if (isDigit(second)) this.#push(NUMBER, start, endOfNumber(text, start));
      else this.#push(SYMBOL, start, second === DOT ? start + 2 : start + 1);
    } else if (first === COLON) {
      this.#push(SYMBOL, start, second === COLON || second === 0x3d ? start + 2 : start + 1);
    } else if (isDigit(second)) {
      this.#push(PARAMETER, start, endOfDigits(text, start + 1));
    } else if (first === QUESTION) this.#push(PARAMETER, start, start + 1);
    else this.#dollar(start);
  }

  #dollar(start: number): void {
    const text = this.#text;
    let end = start + 1;
    while (end < text.length && continuesTag(text.charCodeAt(end), end === start + 1)) end++;
    if (text.charCodeAt(end) !== DOLLAR) {
      // Spaces beyond ASCII can be in a tag, but not in a name.
      let name = start + 1;
      while (name < end && continuesWord(text.charCodeAt(name))) name++;
      // Before the quotes of a literal stands its prefix, and no name.
      if (name === start + 2 && this.#beginsLiteral(start + 1)) name--;
      this.#push(name > start + 1 ? PARAMETER : SYMBOL, start, name);
      return;
    }
    const tag = text.slice(start, end + 1);
    const close = text.indexOf(tag, end + 1);
    this.#push(STRING, start, close < 0 ? this.#unfinished('dollar-quoted string', start) : close + tag.length);
  }
}

function beginsComment(text: string, position: number, character: number): boolean {
  const next = text.charCodeAt(position + 1);
  return (character === MINUS && next === MINUS) || (character === SLASH && next === STAR);
}

/** ~ ! @ ^ & | % */
function isOwnOperator(character: number): boolean {
  return (
    character === 0x7e ||
    character === 0x21 ||
    character === 0x40 ||
    character === 0x5e ||
    character === 0x26 ||
    character === 0x7c ||
    character === 0x25
  );
}

function endOfLine(text: string, start: number): number {
  let end = start;
  while (end < text.length && !isLineEnd(text.charCodeAt(end))) end++;
  return end;
}

/** The end of a comment in C's style, which may hold others; -1 where it is not closed. */
function endOfComment(text: string, start: number): number {
  let depth = 1;
  for (let position = start + 2; position < text.length; position++) {
    const character = text.charCodeAt(position);
    const next = text.charCodeAt(position + 1);
    if (character === SLASH && next === STAR) {
      depth++;
      position++;
    } else if (character === STAR && next === SLASH) {
      position++;
      if (--depth === 0) return position + 1;
    }
  }
  return -1;
}

/** Where the quote is in which a string that ends at `end` goes on; -1 where it does not. */
function continuation(text: string, end: number): number {
  let hasLineEnd = false;
  for (let position = end; position < text.length; position++) {
    const character = text.charCodeAt(position);
    if (isLineEnd(character)) hasLineEnd = true;
    else if (character === SINGLE_QUOTE) return hasLineEnd ? position : -1;
    else if (character === MINUS && text.charCodeAt(position + 1) === MINUS) position = endOfLine(text, position) - 1;
    else if (classOf(character) !== BLANK) return -1;
  }
  return -1;
}

/** Digits with single underscores between them, a fraction, an exponent. `1..2` is a range. */
function endOfNumber(text: string, start: number): number {
  let end = endOfDigits(text, start);
  if (text.charCodeAt(end) === DOT && !(end > start && text.charCodeAt(end + 1) === DOT)) {
    end = endOfDigits(text, end + 1);
  }
  if ((text.charCodeAt(end) | 0x20) !== 0x65) return end;
  const sign = text.charCodeAt(end + 1);
  const exponent = sign === PLUS || sign === MINUS ? end + 2 : end + 1;
  return isDigit(text.charCodeAt(exponent)) ? endOfDigits(text, exponent) : end;
}

function endOfDigits(text: string, start: number): number {
  let end = start;
  for (;;) {
    if (isDigit(text.charCodeAt(end))) end++;
    else if (end > start && text.charCodeAt(end) === UNDERSCORE && isDigit(text.charCodeAt(end + 1))) end += 2;
    else return end;
  }
}
