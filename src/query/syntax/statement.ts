/** Statements, classified. Names are paths as written: `[table]`, `[schema, table]`, `[catalog, schema, …, table]`. */

import type { AlterSchemaStatement, AlterTableStatement, AlterViewStatement, RenameStatement } from './alteration.js';
import type { CallStatement, ExecuteStatement } from './call.js';
import type { InsertStatement } from './insert-statement.js';
import type { PartitionDefinition, SortDefinition } from './partition.js';
import type { RowChange, TruncateStatement } from './row-change.js';

export type { InsertStatement } from './insert-statement.js';

import type { SetStatement, SetVariableStatement } from './setting.js';
import type { CreateViewStatement, RefreshViewStatement } from './view.js';

export type Statement =
  | QueryStatement
  | ExplainStatement
  | ShowStatement
  | DescribeStatement
  | UseStatement
  | SetStatement
  | SetVariableStatement
  | CreateSchemaStatement
  | DropSchemaStatement
  | CreateTableStatement
  | CreateViewStatement
  | RefreshViewStatement
  | CreateTemporaryStatement
  | DropStatement
  | AlterTableStatement
  | AlterViewStatement
  | AlterSchemaStatement
  | RenameStatement
  | InsertStatement
  | RowChange
  | TruncateStatement
  | CallStatement
  | ExecuteStatement
  | TransactionStatement
  | KillStatement;

/** Kinds of statements that change the rows of a table. */
export const CHANGES_OF_ROWS: ReadonlySet<Statement['kind']> = new Set<Statement['kind']>([
  'insert',
  'delete',
  'update',
  'merge',
  'truncate',
]);

export interface QueryStatement {
  kind: 'query';
  sql: string;
}

export interface ExplainStatement {
  kind: 'explain';
  analyze: boolean;
  /** Lines for people, or one JSON text for programs. */
  format: 'text' | 'json';
  sql: string;
  /** What is explained, where it is no query. */
  change?: RowChange | InsertStatement;
}

export interface ShowStatement {
  kind: 'show';
  /** `databases` are the catalogs, by the name that DuckDB has for them. */
  what:
    | 'catalogs'
    | 'schemas'
    | 'tables'
    | 'all-tables'
    | 'views'
    | 'columns'
    | 'databases'
    | 'current-schema'
    | 'setting'
    | 'settings'
    | 'create-table'
    | 'tblproperties';
  /** `IN` or `FROM`; the table or view that is shown. */
  within?: string[];
  /** The one property to show. */
  key?: string;
  like?: string;
  /** Of SHOW name. */
  setting?: string;
}

export interface DescribeStatement {
  kind: 'describe';
  target: { table: string[] } | { sql: string };
}

export interface KillStatement {
  kind: 'kill';
  /** Of the statement that is to be stopped. */
  id: string;
}

export interface UseStatement {
  kind: 'use';
  path: string[];
  /** `USE CATALOG x` and `USE SCHEMA x` leave no doubt; a plain `USE x` takes a catalog of that name first. */
  what?: 'catalog' | 'schema' | undefined;
}

export interface CreateSchemaStatement {
  kind: 'create-schema';
  schema: string[];
  ifNotExists: boolean;
  properties: Record<string, string>;
}

export interface DropSchemaStatement {
  kind: 'drop-schema';
  schema: string[];
  ifExists: boolean;
  /** With all that is in it. */
  cascade: boolean;
}

export interface CreateTableStatement {
  kind: 'create-table';
  table: string[];
  orReplace: boolean;
  ifNotExists: boolean;
  columns: ColumnDefinition[];
  /** Names of the primary key's columns, which become Iceberg's identifier fields. */
  identifier: string[];
  partitions: PartitionDefinition[];
  sortedBy: SortDefinition[];
  properties: Record<string, string>;
  location?: string;
  comment?: string;
  /** CREATE TABLE … AS. */
  as?: string;
}

/** A table or view that only the session sees. */
export interface CreateTemporaryStatement {
  kind: 'create-temporary';
  definition: CreateTableStatement | CreateViewStatement;
}

export interface ColumnDefinition {
  name: string;
  /** SQL type as written. Empty in CREATE TABLE t (a, b) AS …, which renames the query's columns. */
  type: string;
  required: boolean;
  comment?: string;
  /** A literal in SQL. */
  default?: string;
}

export interface DropStatement {
  kind: 'drop-table' | 'drop-view';
  table: string[];
  ifExists: boolean;
  purge: boolean;
  /** Of a materialized view, whose rows go with it. */
  isMaterialized?: boolean;
}

export type TransactionStatement = { kind: 'begin'; readOnly: boolean } | { kind: 'commit' | 'rollback' };

/** What the log, and a person, calls the statement. */
export function statementName(statement: Statement): string {
  switch (statement.kind) {
    case 'query':
      return 'SELECT';
    case 'show':
      if (statement.what === 'setting' || statement.what === 'settings') return 'SHOW';
      return `SHOW ${statement.what.toUpperCase().replace('-', ' ')}`;
    case 'create-table':
      return statement.as === undefined ? 'CREATE TABLE' : 'CREATE TABLE AS';
    case 'create-view':
      return statement.storage ? 'CREATE MATERIALIZED VIEW' : 'CREATE VIEW';
    case 'drop-view':
      return statement.isMaterialized ? 'DROP MATERIALIZED VIEW' : 'DROP VIEW';
    case 'refresh-view':
      return 'REFRESH MATERIALIZED VIEW';
    case 'create-temporary':
      return statement.definition.kind === 'create-view' ? 'CREATE TEMPORARY VIEW' : 'CREATE TEMPORARY TABLE';
    case 'set-variable':
      return statement.sql === undefined ? 'RESET VARIABLE' : 'SET VARIABLE';
    case 'rename-table':
      return 'ALTER TABLE';
    case 'rename-view':
      return 'ALTER VIEW';
    case 'execute':
      return 'ALTER TABLE EXECUTE';
    default:
      return statement.kind.toUpperCase().replace('-', ' ');
  }
}
