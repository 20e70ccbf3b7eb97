/** CREATE VIEW. */
import { parseProperties } from './clauses.js';
import type { Cursor } from './cursor.js';

export interface CreateViewStatement {
  kind: 'create-view';
  view: string[];
  orReplace: boolean;
  ifNotExists: boolean;
  /** Names for the query's columns, in order; none given: the query's own. */
  columns: { name: string; comment?: string }[];
  comment?: string;
  properties: Record<string, string>;
  /** The text of the query. */
  sql: string;
}

export function parseCreateView(cursor: Cursor): CreateViewStatement {
  cursor.expect('CREATE');
  const orReplace = cursor.accept('OR', 'REPLACE');
  cursor.expect('VIEW');
  const ifNotExists = cursor.accept('IF', 'NOT', 'EXISTS');
  if (orReplace && ifNotExists) throw cursor.error('OR REPLACE and IF NOT EXISTS exclude each other');
  const view = cursor.path('a view');
  const statement: CreateViewStatement = {
    kind: 'create-view',
    view,
    orReplace,
    ifNotExists,
    columns: [],
    properties: {},
    sql: '',
  };
  if (cursor.acceptSymbol('(')) {
    do {
      const name = cursor.name('a column');
      statement.columns.push(cursor.accept('COMMENT') ? { name, comment: cursor.string('a comment') } : { name });
    } while (cursor.acceptSymbol(','));
    cursor.expectSymbol(')');
  }
  for (;;) {
    if (cursor.accept('COMMENT')) statement.comment = cursor.string('a comment');
    else if (cursor.accept('TBLPROPERTIES')) Object.assign(statement.properties, parseProperties(cursor));
    else break;
  }
  cursor.expect('AS');
  statement.sql = cursor.rest().replace(/;\s*$/, '').trimEnd();
  if (statement.sql === '') throw cursor.error('Expected a query after AS');
  return statement;
}
