/** CREATE SCHEMA and CREATE TABLE. */
import { SkuaError } from '../../errors.js';
import type { Cursor } from './cursor.js';
import type { ColumnDefinition, CreateTableStatement, PartitionDefinition, Statement } from './statement.js';

export function parseCreateSchema(cursor: Cursor): Statement {
  cursor.expect('CREATE');
  cursor.next();
  const ifNotExists = cursor.accept('IF', 'NOT', 'EXISTS');
  const schema = cursor.path('a schema');
  const properties: Record<string, string> = {};
  for (;;) {
    if (cursor.accept('WITH')) {
      cursor.accept('PROPERTIES');
      cursor.accept('DBPROPERTIES');
      Object.assign(properties, parseProperties(cursor));
    } else if (cursor.accept('LOCATION')) properties.location = cursor.string('a location');
    else if (cursor.accept('COMMENT')) properties.comment = cursor.string('a comment');
    else break;
  }
  cursor.expectEnd();
  return { kind: 'create-schema', schema, ifNotExists, properties };
}

export function parseCreateTable(cursor: Cursor): Statement {
  cursor.expect('CREATE', 'TABLE');
  const statement: CreateTableStatement = {
    kind: 'create-table',
    ifNotExists: cursor.accept('IF', 'NOT', 'EXISTS'),
    table: cursor.path('a table'),
    columns: [],
    identifier: [],
    partitions: [],
    properties: {},
  };
  if (cursor.peek()?.text === '(' && !['SELECT', 'WITH', 'VALUES', 'FROM'].includes(cursor.peek(1)?.keyword ?? '')) {
    parseColumns(cursor, statement);
  }
  parseClauses(cursor, statement);
  if (cursor.accept('AS') || (statement.columns.length === 0 && !cursor.ended)) {
    statement.as = cursor.rest();
    if (statement.as === '') throw cursor.error('Expected a query after AS');
  }
  cursor.expectEnd();
  if (statement.as === undefined && statement.columns.length === 0)
    throw cursor.error('Expected columns or AS and a query');
  const untyped = statement.columns.find((column) => column.type === '');
  if (untyped && statement.as === undefined)
    throw new SkuaError('INVALID_ARGUMENT', `Column "${untyped.name}" has no type`);
  return statement;
}

function parseColumns(cursor: Cursor, statement: CreateTableStatement): void {
  cursor.expectSymbol('(');
  do {
    if (cursor.at('PRIMARY', 'KEY')) {
      cursor.expect('PRIMARY', 'KEY');
      statement.identifier = parseNames(cursor);
    } else if (
      ['CONSTRAINT', 'FOREIGN', 'CHECK'].includes(cursor.peek()?.keyword ?? '') &&
      cursor.peek(1)?.text !== ','
    ) {
      throw new SkuaError('UNIMPLEMENTED', `${cursor.peek()?.keyword} constraints are not supported`);
    } else {
      statement.columns.push(parseColumn(cursor, statement));
    }
  } while (cursor.acceptSymbol(','));
  cursor.expectSymbol(')');
}

const AFTER_TYPE = new Set([
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
]);

function parseColumn(cursor: Cursor, statement: CreateTableStatement): ColumnDefinition {
  const name = cursor.name('a column');
  let angle = 0;
  const type = cursor.until((token) => {
    if (token.text === '<') angle++;
    if (token.text === '>') angle--;
    return angle === 0 && (token.text === ',' || AFTER_TYPE.has(token.keyword));
  });
  const column: ColumnDefinition = { name, type: type.trim(), required: false };
  for (;;) {
    if (cursor.accept('NOT', 'NULL')) column.required = true;
    else if (cursor.accept('NULL')) column.required = false;
    else if (cursor.accept('COMMENT')) column.comment = cursor.string('a comment');
    else if (cursor.accept('PRIMARY', 'KEY')) {
      statement.identifier = [name];
      column.required = true;
    } else break;
  }
  const next = cursor.peek();
  if (next && AFTER_TYPE.has(next.keyword))
    throw new SkuaError('UNIMPLEMENTED', `${next.keyword} on a column is not supported`);
  return column;
}

function parseClauses(cursor: Cursor, statement: CreateTableStatement): void {
  for (;;) {
    if (cursor.accept('USING')) {
      const provider = cursor.name('a table format');
      if (provider.toLowerCase() !== 'iceberg')
        throw new SkuaError('UNIMPLEMENTED', `USING ${provider} is not supported; tables are Iceberg`);
    } else if (cursor.accept('PARTITIONED', 'BY') || cursor.accept('PARTITION', 'BY'))
      statement.partitions = parsePartitions(cursor);
    else if (
      cursor.accept('TBLPROPERTIES') ||
      (cursor.at('WITH') && cursor.peek(1)?.text === '(' && cursor.accept('WITH'))
    ) {
      Object.assign(statement.properties, parseProperties(cursor));
    } else if (cursor.accept('LOCATION')) statement.location = cursor.string('a location');
    else if (cursor.accept('COMMENT')) statement.comment = cursor.string('a comment');
    else return;
  }
}

function parsePartitions(cursor: Cursor): PartitionDefinition[] {
  const partitions: PartitionDefinition[] = [];
  cursor.expectSymbol('(');
  do partitions.push(parsePartition(cursor));
  while (cursor.acceptSymbol(','));
  cursor.expectSymbol(')');
  return partitions;
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

function parsePartition(cursor: Cursor): PartitionDefinition {
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

function parseNames(cursor: Cursor): string[] {
  cursor.expectSymbol('(');
  const names: string[] = [];
  do names.push(cursor.name('a column'));
  while (cursor.acceptSymbol(','));
  cursor.expectSymbol(')');
  return names;
}

/** `('key' = 'value', …)`; keys may also be dotted names, values numbers or words. */
function parseProperties(cursor: Cursor): Record<string, string> {
  const properties: Record<string, string> = {};
  cursor.expectSymbol('(');
  if (cursor.acceptSymbol(')')) return properties;
  do {
    const key = cursor.peek()?.kind === 'string' ? cursor.next().text : cursor.path('a property').join('.');
    cursor.expectSymbol('=');
    const value = cursor.next();
    if (value.kind === 'symbol' || value.kind === 'parameter') throw cursor.error(`Expected a value for "${key}"`);
    properties[key] = value.text;
  } while (cursor.acceptSymbol(','));
  cursor.expectSymbol(')');
  return properties;
}
