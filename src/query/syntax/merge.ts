/** MERGE INTO. */

import { type Tokens, tokenize } from '../../sql/index.js';
import { parseAssignments, parseTarget, parseValue } from './change-parts.js';
import { parseNames } from './clauses.js';
import type { Cursor } from './cursor.js';
import type { Fragments } from './fragments.js';
import type { ChangeTarget, MergeAction, MergeClause, MergeSource, MergeStatement, WholeRow } from './row-change.js';

/** From INTO on; MERGE itself has been read. */
export function parseMerge(cursor: Cursor, fragments: Fragments, ctes: Pick<ChangeTarget, 'with'>): MergeStatement {
  cursor.expect('INTO');
  const target = { ...parseTarget(cursor, 'MERGE'), ...ctes };
  cursor.expect('USING');
  const source = parseSource(fragments);
  const on = parseCondition(cursor, fragments);
  const clauses: MergeClause[] = [];
  while (cursor.at('WHEN')) clauses.push(parseClause(cursor, fragments));
  if (clauses.length === 0) throw cursor.error('Expected WHEN MATCHED or WHEN NOT MATCHED');
  return { kind: 'merge', target, source, on, clauses };
}

function parseSource(fragments: Fragments): MergeSource {
  const text = fragments.until('a table or a query', 'ON', 'USING', 'WHEN');
  const name = sourceName(tokenize(text));
  return name === undefined ? { text } : { text, name };
}

/** The alias at the end, or the last part of a plain table's name; undefined for a query without alias. */
function sourceName(tokens: Tokens, end = tokens.length): string | undefined {
  const last = tokens.at(end - 1);
  if (!last) return undefined;
  const beforeTravel = () => sourceName(tokens, Math.max(travelClause(tokens, end), 0));
  if (last.text !== ')') {
    const isName = last.kind === 'word' || last.kind === 'quoted';
    return isName && tokens.at(end - 2)?.keyword !== 'OF' ? last.text : beforeTravel();
  }
  const open = openingOf(tokens, end - 1);
  const before = tokens.at(open - 1);
  if (before?.keyword === 'AT') return sourceName(tokens, open - 1);
  if (before?.keyword === 'OF') return beforeTravel();
  return before?.kind === 'word' || before?.kind === 'quoted' ? before.text : undefined;
}

/** The index of a FOR outside of brackets; -1 where there is none. */
function travelClause(tokens: Tokens, end: number): number {
  for (let index = 0, depth = 0; index < end; index++) {
    depth += tokens.nesting(index);
    if (depth === 0 && tokens.isWord(index) && tokens.at(index)?.keyword === 'FOR') return index;
  }
  return -1;
}

/** The index of the bracket that a closing one belongs to; -1 where there is none. */
function openingOf(tokens: Tokens, close: number): number {
  let depth = 0;
  for (let index = close; index >= 0; index--) {
    depth += tokens.nesting(index);
    if (depth === 0) return index;
  }
  return -1;
}

function parseCondition(cursor: Cursor, fragments: Fragments): MergeStatement['on'] {
  if (cursor.accept('USING')) return { columns: parseNames(cursor) };
  cursor.expect('ON');
  return { condition: fragments.until('a condition', 'WHEN', 'RETURNING') };
}

function parseClause(cursor: Cursor, fragments: Fragments): MergeClause {
  cursor.expect('WHEN');
  let rows: MergeClause['rows'] = 'matched';
  if (cursor.accept('NOT')) rows = 'source';
  cursor.expect('MATCHED');
  if (rows === 'source' && cursor.accept('BY')) {
    if (cursor.accept('SOURCE')) rows = 'target';
    else cursor.expect('TARGET');
  }
  const condition = cursor.accept('AND') ? { condition: fragments.until('a condition', 'THEN') } : {};
  cursor.expect('THEN');
  return { rows, ...condition, action: parseAction(cursor, fragments, rows) };
}

function parseAction(cursor: Cursor, fragments: Fragments, rows: MergeClause['rows']): MergeAction {
  if (cursor.accept('DO', 'NOTHING')) return { kind: 'nothing' };
  if (cursor.accept('ERROR')) {
    const ends = cursor.ended || cursor.at('WHEN') || cursor.at('RETURNING');
    return ends ? { kind: 'error' } : { kind: 'error', message: fragments.until('an expression', 'WHEN', 'RETURNING') };
  }
  if (rows === 'source') {
    cursor.expect('INSERT');
    return parseInsertAction(cursor, fragments);
  }
  if (cursor.accept('DELETE')) return { kind: 'delete' };
  cursor.expect('UPDATE');
  const wanted = acceptWholeRow(cursor, 'SET');
  if (wanted !== undefined) {
    if (rows === 'target') throw cursor.error('Rows that are not in the source take no values from it');
    return { kind: 'update', assignments: wanted };
  }
  cursor.expect('SET');
  return { kind: 'update', assignments: parseAssignments(cursor, fragments, 'WHEN', 'RETURNING') };
}

/** `[SET] *`, `BY NAME`, `BY POSITION`; nothing at all goes by position. Undefined where values are written out. */
function acceptWholeRow(cursor: Cursor, ...before: string[]): WholeRow | undefined {
  const given = cursor.accept('BY', 'NAME') ? 'name' : cursor.accept('BY', 'POSITION') ? 'position' : undefined;
  if (given !== undefined) {
    cursor.acceptSymbol('*');
    return given;
  }
  if (endsAction(cursor)) return 'position';
  if (!cursor.at(...before) || cursor.peek(before.length)?.text !== '*') return undefined;
  cursor.accept(...before);
  cursor.next();
  return '*';
}

function endsAction(cursor: Cursor): boolean {
  return cursor.ended || cursor.at('WHEN') || cursor.at('RETURNING') || cursor.peek()?.text === ';';
}

function parseInsertAction(cursor: Cursor, fragments: Fragments): MergeAction {
  const wanted = acceptWholeRow(cursor);
  if (wanted !== undefined) return { kind: 'insert', values: wanted };
  if (cursor.accept('DEFAULT', 'VALUES')) return { kind: 'insert', columns: [], values: [] };
  const columns = cursor.peek()?.text === '(' ? { columns: parseNames(cursor) } : {};
  cursor.expect('VALUES');
  cursor.expectSymbol('(');
  const values: (string | undefined)[] = [];
  do values.push(parseValue(fragments, ',').value);
  while (cursor.acceptSymbol(','));
  cursor.expectSymbol(')');
  return { kind: 'insert', ...columns, values };
}
