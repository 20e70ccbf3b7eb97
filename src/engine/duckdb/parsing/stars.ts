import type { StarReference } from '../../contract.js';
import type { Token } from './lexer.js';
import { type SyntaxNode, textOf, tokenFrom } from './syntax-tree.js';

/**
 * Where a star of the syntax tree lies in the text. `tokens` are those of the text without blanks; `firstTable` is where the first table of
 * the star's own FROM clause begins.
 */
export function findStar(
  node: SyntaxNode,
  sql: string,
  tokens: readonly Token[],
  firstTable: number,
  characterOffset: (byteOffset: number) => number,
): StarReference {
  const text = (index: number) => {
    const token = tokens[index];
    return token ? sql.slice(token.start, token.end) : '';
  };
  const table = textOf(node.relation_name);
  const named = table === '' ? {} : { table };
  // The parser puts a star that nobody wrote at 0, or nowhere.
  if (Number(node.query_location) === 0 || Number(node.query_location) > sql.length * 4) {
    const from = fromBefore(sql, tokens, firstTable);
    return { ...named, exclude: { kind: 'implicit', start: from, end: from } };
  }
  const start = characterOffset(Number(node.query_location));
  let star = tokenFrom(tokens, start);
  while (star < tokens.length && text(star) !== '*') star++;
  const end = tokens[star]?.end ?? start;
  if (text(star + 1).toUpperCase() !== 'EXCLUDE') return { ...named, exclude: { kind: 'none', start: end, end } };
  const list = tokens[star + 2];
  if (!list) return { ...named, exclude: { kind: 'none', start: end, end } };
  if (text(star + 2) === '(') return { ...named, exclude: { kind: 'list', start: list.end, end: list.end } };
  let last = star + 2;
  while (text(last + 1) === '.') last += 2;
  return { ...named, exclude: { kind: 'name', start: list.start, end: tokens[last]?.end ?? list.end } };
}

/** The FROM that begins a query whose first table lies at `position`; -1 where the query does not begin with one. */
function fromBefore(sql: string, tokens: readonly Token[], position: number): number {
  let depth = 0;
  const behind = tokenFrom(tokens, position);
  for (let index = (behind < 0 ? tokens.length : behind) - 1; index >= 0; index--) {
    const token = tokens[index] as Token;
    const text = sql.slice(token.start, token.end);
    if (text === ')') depth++;
    if (text === '(') depth--;
    if (depth <= 0 && token.kind === 'word' && text.toUpperCase() === 'FROM') return token.start;
  }
  return -1;
}
