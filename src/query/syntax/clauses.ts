/** Clauses that several definitions share. */
import { SkuaError } from '../../errors.js';
import type { Token } from '../../sql/index.js';
import type { Cursor } from './cursor.js';
import type { PartitionDefinition, SortDefinition } from './partition.js';

/** First words of queries. */
export const QUERY_STARTS = new Set(['SELECT', 'WITH', 'VALUES', 'FROM', 'TABLE', 'PIVOT', 'UNPIVOT', 'SUMMARIZE']);

/** What can follow a column's type. */
export const AFTER_TYPE = new Set([
  'NOT',
  'NULL',
  'COMMENT',
  'PRIMARY',
  'DEFAULT',
  'UNIQUE',
  'CHECK',
  'REFERENCES',
  'GENERATED',
  'COLLATE',
  'FIRST',
  'AFTER',
  'USING',
]);

/** The text of a column's type, which ends before a comma or a word that can't be part of it. Empty where there is none. */
export function parseColumnType(cursor: Cursor): string {
  let angle = 0;
  const type = cursor.until((token) => {
    // Two that close are one operator.
    if (token.kind === 'symbol') for (const sign of token.text) angle += sign === '<' ? 1 : sign === '>' ? -1 : 0;
    return angle === 0 && (isComma(token) || AFTER_TYPE.has(token.keyword));
  });
  return type.trim();
}

const TRANSFORMS: Record<string, string> = {
  year: 'year',
  years: 'year',
  month: 'month',
  months: 'month',
  day: 'day',
  days: 'day',
  date: 'day',
  hour: 'hour',
  hours: 'hour',
  void: 'void',
  identity: 'identity',
  bucket: 'bucket',
  truncate: 'truncate',
};

function isComma(token: Token): boolean {
  return token.kind === 'symbol' && token.text === ',';
}

/** The text of a literal after DEFAULT, whose first word is part of it whatever it is. */
export function parseDefault(cursor: Cursor): string {
  let isFirst = true;
  const text = cursor.until((token) => {
    const ends = isComma(token) || (!isFirst && AFTER_TYPE.has(token.keyword));
    isFirst = false;
    return ends;
  });
  if (text === '') throw cursor.error('Expected a literal after DEFAULT');
  return text.trim();
}

/** `transform(column) [AS name]`, or a column for identity. */
export function parsePartition(cursor: Cursor): PartitionDefinition {
  const partition = parseTerm(cursor);
  return cursor.accept('AS') ? { ...partition, name: cursor.name('a partition name') } : partition;
}

/** `(transform(column) [AS name], …)` */
export function parsePartitions(cursor: Cursor): PartitionDefinition[] {
  return parseList(cursor, parsePartition);
}

/**
 * `(transform(column) [ASC | DESC] [NULLS FIRST | NULLS LAST], …)`. Without a word, nulls come first in ascending order and last in
 * descending order, as the reference implementation has it.
 */
export function parseSortOrder(cursor: Cursor): SortDefinition[] {
  return parseList(cursor, parseSortTerm);
}

/** One term of it. */
export function parseSortTerm(cursor: Cursor): SortDefinition {
  const { column, transform } = parseTerm(cursor);
  const isDescending = cursor.accept('DESC');
  if (!isDescending) cursor.accept('ASC');
  const given = cursor.accept('NULLS', 'FIRST')
    ? 'nulls-first'
    : cursor.accept('NULLS', 'LAST')
      ? 'nulls-last'
      : undefined;
  const nullOrder = given ?? (isDescending ? 'nulls-last' : 'nulls-first');
  return { column, transform, direction: isDescending ? 'desc' : 'asc', nullOrder };
}

function parseList<T>(cursor: Cursor, parse: (cursor: Cursor) => T): T[] {
  const list: T[] = [];
  cursor.expectSymbol('(');
  do list.push(parse(cursor));
  while (cursor.acceptSymbol(','));
  cursor.expectSymbol(')');
  return list;
}

/** `transform(column)`, or a column for identity. */
export function parseTerm(cursor: Cursor): PartitionDefinition {
  if (cursor.peek(1)?.text !== '(') return { column: cursor.path('a column'), transform: 'identity' };
  const written = cursor.name('a transform');
  const transform = TRANSFORMS[written.toLowerCase()];
  if (!transform) {
    const known = 'identity, year, month, day, hour, bucket, truncate, void';
    throw new SkuaError('INVALID_ARGUMENT', `"${written}" is no partition transform; there are ${known}`);
  }
  cursor.expectSymbol('(');
  let width = widthArgument(cursor);
  if (width !== undefined) cursor.expectSymbol(',');
  const column = cursor.path('a column');
  if (width === undefined && cursor.acceptSymbol(',')) width = widthArgument(cursor);
  cursor.expectSymbol(')');
  const takesWidth = transform === 'bucket' || transform === 'truncate';
  if (takesWidth !== (width !== undefined)) {
    throw cursor.error(takesWidth ? `${transform} takes a number and a column` : `${transform} takes a column`);
  }
  return { column, transform: takesWidth ? `${transform}[${width}]` : transform };
}

function widthArgument(cursor: Cursor): number | undefined {
  if (cursor.peek()?.kind !== 'number') return undefined;
  const width = Number(cursor.next().text);
  if (!Number.isSafeInteger(width) || width < 1) throw cursor.error('A bucket count or width is a positive integer');
  return width;
}

/** `(name, …)` */
export function parseNames(cursor: Cursor): string[] {
  cursor.expectSymbol('(');
  const names: string[] = [];
  do names.push(cursor.name('a column'));
  while (cursor.acceptSymbol(','));
  cursor.expectSymbol(')');
  return names;
}

/** `('key' = 'value', …)`; keys may also be dotted names, values numbers or words. */
export function parseProperties(cursor: Cursor): Record<string, string> {
  const properties: Record<string, string> = {};
  cursor.expectSymbol('(');
  if (cursor.acceptSymbol(')')) return properties;
  do {
    const key = propertyKey(cursor);
    cursor.expectSymbol('=');
    const value = cursor.next();
    if (value.kind === 'symbol' || value.kind === 'parameter') throw cursor.error(`Expected a value for "${key}"`);
    properties[key] = value.text;
  } while (cursor.acceptSymbol(','));
  cursor.expectSymbol(')');
  return properties;
}

/** `('key', …)` */
export function parsePropertyKeys(cursor: Cursor): string[] {
  const keys: string[] = [];
  cursor.expectSymbol('(');
  do keys.push(propertyKey(cursor));
  while (cursor.acceptSymbol(','));
  cursor.expectSymbol(')');
  return keys;
}

function propertyKey(cursor: Cursor): string {
  return cursor.peek()?.kind === 'string' ? cursor.next().text : cursor.path('a property').join('.');
}
