/** What a character can begin or continue, in DuckDB's lexical rules. */

export const BLANK = 1;
export const WORD_START = 2;
export const DIGIT = 3;
/** Parts of operators. A backtick is one too in DuckDB's rules; here it quotes a name. */
export const OPERATOR = 4;
/** A token by itself, whatever follows. */
export const SINGLE = 5;
export const QUOTE = 6;
export const NAME_QUOTE = 7;
/** `.`, `:`, `$` and `?`, whose token depends on what follows. */
export const MIXED = 8;

const CLASSES = new Uint8Array(128).fill(SINGLE);
const mark = (characters: string, kind: number) => {
  for (let index = 0; index < characters.length; index++) CLASSES[characters.charCodeAt(index)] = kind;
};
mark(' \t\n\r\f', BLANK);
mark('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_', WORD_START);
mark('0123456789', DIGIT);
mark('~!@^&|+-*/%<>=', OPERATOR);
mark("'", QUOTE);
mark('"`', NAME_QUOTE);
mark('.:$?', MIXED);

/** The class of a UTF-16 code unit. Beyond ASCII everything but spaces is part of words. */
export function classOf(code: number): number {
  if (code < 128) return CLASSES[code] as number;
  return isWideSpace(code) ? BLANK : WORD_START;
}

/** Spaces beyond ASCII that the engine takes for blanks. */
function isWideSpace(code: number): boolean {
  if (code < 0xa0) return false;
  return (
    code === 0xa0 ||
    (code >= 0x2000 && code <= 0x200b) ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x2060 ||
    code === 0x3000 ||
    code === 0xfeff
  );
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Whether a character can be in a word behind its first. */
export function continuesWord(code: number): boolean {
  if (code >= 128) return !isWideSpace(code);
  const kind = CLASSES[code];
  return kind === WORD_START || kind === DIGIT || code === 0x24;
}

/** Whether a character can be in the tag of a dollar quote. */
export function continuesTag(code: number, isFirst: boolean): boolean {
  if (code >= 128) return true;
  const kind = CLASSES[code];
  return kind === WORD_START || (kind === DIGIT && !isFirst);
}

export function isLineEnd(code: number): boolean {
  return code === 0x0a || code === 0x0d;
}
