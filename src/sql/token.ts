import { decodeQuoted } from './quoted.js';

/**
 * `string` is `'…'`, `E'…'`, `U&'…'` and `$tag$…$tag$`; `blob` is `X'…'` and `bits` is `B'…'`; `quoted` is a name in double quotes or
 * backticks; `parameter` is `?`, `?1`, `$1` and `$name`; `symbol` is an operator, a bracket or whatever else.
 */
export type TokenKind = (typeof TOKEN_KINDS)[number];

/** Their index is how `Tokens` keeps them. */
export const TOKEN_KINDS = ['word', 'quoted', 'string', 'blob', 'bits', 'number', 'parameter', 'symbol'] as const;

/** One token of a text. What it says is read from the text when it is asked for. */
export class Token {
  readonly #source: string;
  #upper: string | undefined;

  constructor(
    source: string,
    readonly kind: TokenKind,
    /** Characters [start, end) of the text, in UTF-16 code units. */
    readonly start: number,
    readonly end: number,
  ) {
    this.#source = source;
  }

  /** As written; for names and literals in quotes what is inside them, with doubled quotes and escapes resolved. */
  get text(): string {
    const written = this.#source.slice(this.start, this.end);
    switch (this.kind) {
      case 'quoted':
      case 'string':
      case 'blob':
      case 'bits':
        return decodeQuoted(written);
      default:
        return written;
    }
  }

  /** Upper case, for words; else empty. What keywords are compared with. */
  get keyword(): string {
    if (this.kind !== 'word') return '';
    this.#upper ??= this.#source.slice(this.start, this.end).toUpperCase();
    return this.#upper;
  }
}
