/** `FROM (DESCRIBE t)`, `FROM (SHOW TABLES)`: statements that stand where a subquery could. */
import { quoteName, type Token, type Tokens } from '../../sql/index.js';
import type { Edit } from './rewrite.js';

/** One of them, with the edit that puts a name in its place. */
export interface ShownStatement {
  /** Without its parentheses. */
  sql: string;
  name: string;
  edit: Edit;
}

const WORDS = new Set(['DESCRIBE', 'DESC', 'SHOW']);
const BEFORE = new Set(['FROM', 'JOIN']);

/** Those of a text. Two that are written alike have one name. */
export function shownStatements(sql: string, tokens: Tokens): ShownStatement[] {
  const found: ShownStatement[] = [];
  for (let index = 1; index < tokens.length; index++) {
    const [before, open, word, next] = tokens.slice(index - 1, index + 3);
    const isTable = before && (BEFORE.has(before.keyword) || (before.kind === 'symbol' && before.text === ','));
    if (!isTable || open?.text !== '(' || !word || !WORDS.has(word.keyword)) continue;
    // A column may be called `show`.
    if (next?.kind !== 'word' && next?.kind !== 'quoted') continue;
    const close = closing(tokens, index);
    if (!close) continue;
    const text = sql.slice(open.end, close.start).trim();
    found.push({ sql: text, name: text, edit: { start: open.start, end: close.end, text: quoteName(text) } });
  }
  return found;
}

function closing(tokens: Tokens, open: number): Token | undefined {
  let depth = 0;
  for (const token of tokens.slice(open, tokens.length)) {
    if (token.kind !== 'symbol') continue;
    if (token.text === '(') depth++;
    if (token.text === ')' && --depth === 0) return token;
  }
  return undefined;
}
