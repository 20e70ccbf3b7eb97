/** CREATE SCHEMA and CREATE TABLE. */
import { SkuaError } from '../../errors.js';
import {
  AFTER_TYPE,
  parseColumnType,
  parseDefault,
  parseNames,
  parsePartitions,
  parseProperties,
  parseSortOrder,
} from './clauses.js';
import type { Cursor } from './cursor.js';
import type { ColumnDefinition, CreateTableStatement, Statement } from './statement.js';

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
  cursor.expect('CREATE');
  const orReplace = cursor.accept('OR', 'REPLACE');
  cursor.expect('TABLE');
  if (orReplace && cursor.at('IF')) throw cursor.error('OR REPLACE and IF NOT EXISTS exclude each other');
  const statement: CreateTableStatement = {
    kind: 'create-table',
    orReplace,
    ifNotExists: cursor.accept('IF', 'NOT', 'EXISTS'),
    table: cursor.path('a table'),
    columns: [],
    identifier: [],
    partitions: [],
    sortedBy: [],
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

function parseColumn(cursor: Cursor, statement: CreateTableStatement): ColumnDefinition {
  const name = cursor.name('a column');
  const column: ColumnDefinition = { name, type: parseColumnType(cursor), required: false };
  for (;;) {
    if (cursor.accept('NOT', 'NULL')) column.required = true;
    else if (cursor.accept('NULL')) column.required = false;
    else if (cursor.accept('COMMENT')) column.comment = cursor.string('a comment');
    else if (cursor.accept('DEFAULT')) column.default = parseDefault(cursor);
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
    else if (cursor.accept('SORTED', 'BY')) statement.sortedBy = parseSortOrder(cursor);
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
