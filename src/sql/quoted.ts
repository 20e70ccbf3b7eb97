/** What stands between quotes. */
import { BLANK, classOf, isLineEnd } from './characters.js';

/** A name as SQL text, always quoted. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string as SQL text. */
export function quoteString(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

const SIMPLE_ESCAPES: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
const ESCAPE = /\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([\s\S]))/y;
const UNICODE_ESCAPE = /\\(?:(\\)|\+([0-9A-Fa-f]{6})|([0-9A-Fa-f]{4}))/g;

/** The content of one whole token in quotes of any kind. A quote that is not closed reaches to the end. */
export function decodeQuoted(written: string): string {
  const first = written.charAt(0);
  if (first === '$') return withoutTag(written);
  if (first === '"' || first === '`') return withoutQuotes(written, first);
  if (first === "'") return join(written, 0, 'doubled');
  switch (first.toUpperCase()) {
    case 'E':
      return withEscapes(join(written, 1, 'backslashes'));
    case 'U': {
      const inner = written.charAt(2) === '"' ? withoutQuotes(written.slice(2), '"') : join(written, 2, 'doubled');
      return inner.replace(UNICODE_ESCAPE, (_, backslash, long, short) => backslash ?? character(long ?? short));
    }
    default:
      return join(written, 1, 'none');
  }
}

function withoutTag(written: string): string {
  const tag = written.slice(0, written.indexOf('$', 1) + 1);
  const isClosed = written.length >= 2 * tag.length && written.endsWith(tag);
  return written.slice(tag.length, isClosed ? written.length - tag.length : undefined);
}

function withoutQuotes(written: string, quote: string): string {
  const isClosed = written.length > 1 && written.endsWith(quote);
  return written.slice(1, isClosed ? -1 : undefined).replaceAll(quote + quote, quote);
}

/** The parts of a string that goes on behind line breaks, with doubled quotes resolved. */
function join(written: string, start: number, escapes: Escapes): string {
  let value = '';
  for (let open = start; open < written.length; ) {
    const close = endOfString(written, open, escapes);
    const inside = written.slice(open + 1, close < 0 ? undefined : close - 1);
    value += inside.replaceAll("''", "'");
    if (close < 0) break;
    open = endOfBlanks(written, close);
  }
  return value;
}

/** Skips white space and line comments, which may hold quotes. */
function endOfBlanks(written: string, start: number): number {
  let position = start;
  for (;;) {
    while (classOf(written.charCodeAt(position)) === BLANK) position++;
    if (!written.startsWith('--', position)) return position;
    while (position < written.length && !isLineEnd(written.charCodeAt(position))) position++;
  }
}

function withEscapes(text: string): string {
  const pieces: string[] = [];
  // Octal and hexadecimal escapes are bytes of UTF-8, of which several make a character.
  let bytes: number[] = [];
  let position = 0;
  for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', position)) {
    ESCAPE.lastIndex = at;
    const found = ESCAPE.exec(text);
    if (!found) break;
    const { 0: all, 1: octal, 2: hexadecimal, 3: short, 4: long, 5: other } = found;
    const byte = octal !== undefined ? Number.parseInt(octal, 8) : Number.parseInt(hexadecimal ?? '', 16);
    if (at > position || Number.isNaN(byte)) {
      if (bytes.length > 0) pieces.push(Buffer.from(bytes).toString('utf8'));
      bytes = [];
    }
    pieces.push(text.slice(position, at));
    position = at + all.length;
    if (!Number.isNaN(byte)) bytes.push(byte & 0xff);
    else pieces.push(other === undefined ? character(short ?? long) : (SIMPLE_ESCAPES[other] ?? other));
  }
  if (bytes.length > 0) pieces.push(Buffer.from(bytes).toString('utf8'));
  pieces.push(text.slice(position));
  return pieces.join('');
}

function character(hexadecimal: string | undefined): string {
  const code = Number.parseInt(hexadecimal ?? '', 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
}

/** How a string writes its own quote: as two, as two or behind a backslash, or not at all. */
export type Escapes = 'doubled' | 'backslashes' | 'none';

/** The end of the part of a string whose quote opens at `open`; -1 where it is not closed. */
export function endOfString(text: string, open: number, escapes: Escapes): number {
  if (escapes === 'doubled') return endOfQuote(text, open, "'");
  if (escapes === 'none') return text.indexOf("'", open + 1) + 1 || -1;
  for (let position = open + 1; position < text.length; position++) {
    const code = text.charCodeAt(position);
    if (code === 0x5c) position++;
    else if (code === 0x27) {
      if (text.charCodeAt(position + 1) !== 0x27) return position + 1;
      position++;
    }
  }
  return -1;
}

/** The end of what the quote at `open` begins, in which a doubled quote stands for one; -1 where it is not closed. */
export function endOfQuote(text: string, open: number, quote: string): number {
  const code = quote.charCodeAt(0);
  for (let from = open + 1; ; ) {
    const close = text.indexOf(quote, from);
    if (close < 0) return -1;
    if (text.charCodeAt(close + 1) !== code) return close + 1;
    from = close + 2;
  }
}
