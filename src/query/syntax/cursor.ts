/** Walks over the tokens of one statement. */
import type { SkuaError } from '../../errors.js';
import { syntaxError, type Token, type Tokens, tokenize } from '../../sql/index.js';

export class Cursor {
  readonly tokens: Tokens;
  #next = 0;

  constructor(text: string | Tokens) {
    this.tokens = typeof text === 'string' ? tokenize(text) : text;
  }

  get text(): string {
    return this.tokens.text;
  }

  peek(ahead = 0): Token | undefined {
    return this.tokens.at(this.#next + ahead);
  }

  /** Character position of the next token, or the end of the text. */
  get position(): number {
    return this.peek()?.start ?? this.text.length;
  }

  get ended(): boolean {
    return this.#next >= this.tokens.length;
  }

  next(): Token {
    const token = this.peek();
    if (!token) throw this.error('The statement ends too early');
    this.#next++;
    return token;
  }

  /** True where the next tokens are these keywords. */
  at(...keywords: string[]): boolean {
    return keywords.every((keyword, index) => this.peek(index)?.keyword === keyword);
  }

  /** Steps over these keywords if they come next. */
  accept(...keywords: string[]): boolean {
    if (!this.at(...keywords)) return false;
    this.#next += keywords.length;
    return true;
  }

  acceptSymbol(symbol: string): boolean {
    const token = this.peek();
    if (token?.kind !== 'symbol' || token.text !== symbol) return false;
    this.#next++;
    return true;
  }

  expect(...keywords: string[]): void {
    if (!this.accept(...keywords)) throw this.error(`Expected ${keywords.join(' ')}`);
  }

  expectSymbol(symbol: string): void {
    if (!this.acceptSymbol(symbol)) throw this.error(`Expected "${symbol}"`);
  }

  /** One name, quoted or not. */
  name(what = 'a name'): string {
    const token = this.peek();
    if (token?.kind !== 'word' && token?.kind !== 'quoted') throw this.error(`Expected ${what}`);
    this.#next++;
    return token.text;
  }

  /** Names separated by dots. */
  path(what?: string): string[] {
    const names = [this.name(what)];
    while (this.acceptSymbol('.')) names.push(this.name());
    return names;
  }

  string(what: string): string {
    const token = this.peek();
    if (token?.kind !== 'string') throw this.error(`Expected ${what} as a string`);
    this.#next++;
    return token.text;
  }

  /** The text from here to the end; the cursor is then at the end. */
  rest(): string {
    const rest = this.text.slice(this.position);
    this.#next = this.tokens.length;
    return rest;
  }

  /** A cursor over the text from here to the end. */
  fromHere(): Cursor {
    return new Cursor(this.tokens.within(this.position, this.text.length));
  }

  /**
   * The text up to, not including, the first token outside parentheses for which `stop` holds, or the end. Brackets of all kinds count
   * as parentheses. `mayStop` tells cheaply, by a token's index, for which tokens `stop` has to be asked at all.
   */
  until(stop: (token: Token, index: number) => boolean, mayStop: (index: number) => boolean = () => true): string {
    const start = this.position;
    const { tokens } = this;
    let end = start;
    for (let depth = 0; !this.ended; this.#next++) {
      if (depth === 0 && mayStop(this.#next) && stop(this.peek() as Token, this.#next)) break;
      depth += tokens.nesting(this.#next);
      if (depth < 0) break;
      end = tokens.end(this.#next);
    }
    return this.text.slice(start, end);
  }

  expectEnd(): void {
    if (!this.ended) throw this.error(`Unexpected "${this.peek()?.text}"`);
  }

  error(what: string): SkuaError {
    return syntaxError(this.text, this.position, what);
  }
}
