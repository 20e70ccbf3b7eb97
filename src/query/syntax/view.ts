/** CREATE VIEW, CREATE MATERIALIZED VIEW and REFRESH. */
import { parsePartitions, parseProperties, parseSortOrder } from './clauses.js';
import type { Cursor } from './cursor.js';
import type { PartitionDefinition, SortDefinition } from './partition.js';

/** How the rows of a materialized view are kept. */
export interface StorageDefinition {
  partitions: PartitionDefinition[];
  sortedBy: SortDefinition[];
  /** Without rows it answers as any view does, until it is refreshed. */
  withData: boolean;
}

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
  /** Of a materialized view. */
  storage?: StorageDefinition;
}

/** REFRESH MATERIALIZED VIEW v [FULL] */
export interface RefreshViewStatement {
  kind: 'refresh-view';
  view: string[];
  /** Computed as a whole, also where the rows that came since the last time would do. */
  full: boolean;
}

export function parseCreateView(cursor: Cursor): CreateViewStatement {
  cursor.expect('CREATE');
  const orReplace = cursor.accept('OR', 'REPLACE');
  const isMaterialized = cursor.accept('MATERIALIZED');
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
  const storage: StorageDefinition = { partitions: [], sortedBy: [], withData: true };
  if (isMaterialized) statement.storage = storage;
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
    else if (isMaterialized && cursor.accept('PARTITIONED', 'BY')) storage.partitions = parsePartitions(cursor);
    else if (isMaterialized && cursor.accept('SORTED', 'BY')) storage.sortedBy = parseSortOrder(cursor);
    else break;
  }
  cursor.expect('AS');
  const text = cursor.rest().replace(/;\s*$/, '').trimEnd();
  const data = isMaterialized ? /\bWITH\s+(NO\s+)?DATA$/i.exec(text) : null;
  if (data?.[1] !== undefined) storage.withData = false;
  statement.sql = data ? text.slice(0, data.index).trimEnd() : text;
  if (statement.sql === '') throw cursor.error('Expected a query after AS');
  return statement;
}

export function parseRefresh(cursor: Cursor): RefreshViewStatement {
  cursor.expect('REFRESH', 'MATERIALIZED', 'VIEW');
  const view = cursor.path('a materialized view');
  const full = cursor.accept('FULL');
  cursor.expectEnd();
  return { kind: 'refresh-view', view, full };
}
