import type { Tokens } from '../../../../sql/index.js';
import type { StarReference } from '../../contract.js';
import { type SyntaxNode, textOf } from './syntax-tree.js';

/** Where a star of the syntax tree lies in the text. `firstTable` is where the first table of the star's own FROM clause begins. */
export function findStar(
  node: SyntaxNode,
  tokens: Tokens,
  firstTable: number,
  characterOffset: (byteOffset: number) => number,
): StarReference {
  const table = textOf(node.relation_name);
  const named = table === '' ? {} : { table };
  // The parser puts a star that nobody wrote at 0, or nowhere.
  if (Number(node.query_location) === 0 || Number(node.query_location) > tokens.text.length * 4) {
    const from = fromBefore(tokens, firstTable);
    return { ...named, exclude: { kind: 'implicit', start: from, end: from } };
  }
  const start = characterOffset(Number(node.query_location));
  let star = tokens.from(start);
  while (star < tokens.length && !tokens.isSymbol(star, '*')) star++;
  const end = tokens.at(star)?.end ?? start;
  const list = tokens.at(star + 2);
  if (!list || tokens.at(star + 1)?.keyword !== 'EXCLUDE') {
    return { ...named, exclude: { kind: 'none', start: end, end } };
  }
  if (list.text === '(') return { ...named, exclude: { kind: 'list', start: list.end, end: list.end } };
  let last = star + 2;
  while (tokens.isSymbol(last + 1, '.')) last += 2;
  return { ...named, exclude: { kind: 'name', start: list.start, end: tokens.at(last)?.end ?? list.end } };
}

/** The FROM that begins a query whose first table lies at `position`; -1 where the query does not begin with one. */
function fromBefore(tokens: Tokens, position: number): number {
  let depth = 0;
  const behind = tokens.from(position);
  for (let index = (behind < 0 ? tokens.length : behind) - 1; index >= 0; index--) {
    if (tokens.isSymbol(index, ')')) depth++;
    if (tokens.isSymbol(index, '(')) depth--;
    if (depth <= 0 && tokens.at(index)?.keyword === 'FROM') return tokens.start(index);
  }
  return -1;
}
