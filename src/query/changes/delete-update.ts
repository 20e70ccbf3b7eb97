/** DELETE and UPDATE as queries. */
import type { Field } from 'apache-arrow';
import { HIDDEN_NAMES } from '../../iceberg/index.js';
import { quoteName, tokenize } from '../../sql/index.js';
import type { DeleteStatement, UpdateStatement } from '../syntax/row-change.js';
import { volatileCalls } from '../syntax/volatile.js';
import type { PinnedTable } from '../tables/tables.js';
import { hasRowIds } from '../writing/lineage.js';
import { hasFieldDefaults } from '../writing/struct-defaults.js';
import { assignedColumns, type ChangeQuery, changeColumns, changed } from './change-query.js';
import { qualifierOf, targetSql } from './target.js';
import { assignedValues, columnSql, expressionSql, hasParameters } from './values.js';

/** The ordinal of the bound row, as a parameter of its own, where the statement runs for many at once. */
export interface BoundOrdinal {
  parameter: number;
}

export function deleteQuery(
  table: PinnedTable,
  statement: DeleteStatement & { returning?: string },
  bound?: BoundOrdinal,
): ChangeQuery {
  const { target, using, where } = statement;
  const returns = statement.returning !== undefined;
  const qualifier = qualifierOf(target);
  const values = table.schema.fields.map((field) => `${columnSql(qualifier, field)} AS ${quoteName(field.name)}`);
  const select = [...rowSql(qualifier), ...ordinalSql(bound), ...(returns ? values : [])].join(', ');
  const sql = selectSql(statement.target.with, select, [targetSql(target), using], where);
  // A row may have several partners.
  const on = returns ? ` ON (${quoteName(changed.file)}, ${quoteName(changed.position)})` : '';
  const distinct = using === undefined ? sql : `SELECT DISTINCT${on} * FROM (${sql}) AS ${quoteName('row')}`;
  return {
    sql: distinct,
    columns: changeColumns(table, { writes: false, ordinal: bound !== undefined, values: returns }),
    checked: assignedColumns([]),
    writes: false,
    twice: bound ? 'last' : 'never',
  };
}

/**
 * A query of the expressions, and these, that are assigned to what may have fields with a default: what the columns lack then hangs on their types.
 * Undefined where there are none.
 */
export function givenAssigned(
  table: PinnedTable,
  { target, from, assignments }: UpdateStatement,
): { sql: string; texts: string[] } | undefined {
  const found = new Set<string>();
  assignedValues(table.schema.fields, assignments, qualifierOf(target), ({ type }, expression) => {
    if (expression !== undefined && hasFieldDefaults(type) && !hasParameters(expression)) found.add(expression);
    return 'NULL';
  });
  if (found.size === 0) return undefined;
  const texts = [...found];
  const values = texts.map((text) => `(${text}\n)`).join(', ');
  return { sql: selectSql(target.with, values, [targetSql(target), from], undefined), texts };
}

/** `given` has the types of expressions. A column that does not exist, or is assigned twice: INVALID_ARGUMENT. */
export function updateQuery(
  table: PinnedTable,
  statement: UpdateStatement,
  given: ReadonlyMap<string, Field>,
  bound?: BoundOrdinal,
): ChangeQuery {
  const { target, from, where } = statement;
  const qualifier = qualifierOf(target);
  const values = assignedValues(table.schema.fields, statement.assignments, qualifier, (field, expression) =>
    expressionSql(field, expression, given.get(expression ?? '')),
  );
  const select = [
    ...rowSql(qualifier),
    ...ordinalSql(bound),
    ...(hasRowIds(table) ? [`${quoteName(qualifier)}._row_id AS ${quoteName(changed.rowId)}`] : []),
    `true AS ${quoteName(changed.writes)}`,
    ...table.schema.fields.map((field) => {
      return `${values.get(field.id) ?? columnSql(qualifier, field)} AS ${quoteName(field.name)}`;
    }),
  ].join(', ');
  return {
    sql: selectSql(target.with, select, [targetSql(target), from], where),
    columns: changeColumns(table, { writes: true, ordinal: bound !== undefined }),
    checked: assignedColumns(values.keys()),
    writes: true,
    twice: bound ? 'last' : 'refuse',
  };
}

/**
 * Whether running the statement for one bound row leaves what it does for the others as it is, so that it can run for all of them at once: it
 * reads nothing that it changes, the places of rows included.
 */
export function isIndependent(statement: DeleteStatement | UpdateStatement): boolean {
  if (statement.target.with !== undefined) return false;
  const texts =
    statement.kind === 'delete'
      ? [statement.using, statement.where]
      : [statement.from, statement.where, ...statement.assignments.map(({ value }) => value)];
  const assigned = statement.kind === 'delete' ? [] : statement.assignments.flatMap(({ path }) => path);
  const names = new Set([...assigned, ...HIDDEN_NAMES].map((name) => name.toLowerCase()));
  const row = qualifierOf(statement.target).toLowerCase();
  const tables = statement.kind === 'delete' ? statement.using : statement.from;
  return tables === undefined && !texts.some((text) => text !== undefined && mentions(text, names, row));
}

/**
 * Whether an expression has a query in it, one of the names, which are in lower case, the whole row by its table's name, columns that it does not
 * name one by one, or what is another value each time.
 */
function mentions(expression: string, names: ReadonlySet<string>, row: string): boolean {
  const tokens = tokenize(expression);
  if (volatileCalls(tokens).length > 0) return true;
  return tokens.someName(({ keyword, text }, index) => {
    const name = text.toLowerCase();
    const isRow = name === row && (!tokens.isSymbol(index + 1, '.') || tokens.isSymbol(index + 2, '*'));
    return isRow || UNNAMED_WORDS.has(keyword) || names.has(name);
  });
}

/** Words of queries, and of what stands for several columns. */
const UNNAMED_WORDS = new Set(['SELECT', 'FROM', 'TABLE', 'VALUES', 'COLUMNS', 'STRUCT_PACK', 'ROW']);

function rowSql(qualifier: string): string[] {
  const name = quoteName(qualifier);
  return [`${name}._file AS ${quoteName(changed.file)}`, `${name}._pos AS ${quoteName(changed.position)}`];
}

function ordinalSql(bound: BoundOrdinal | undefined): string[] {
  return bound ? [`$${bound.parameter} AS ${quoteName(changed.ordinal)}`] : [];
}

function selectSql(
  ctes: string | undefined,
  select: string,
  tables: readonly (string | undefined)[],
  where: string | undefined,
): string {
  const from = tables.filter((table) => table !== undefined).join(', ');
  const condition = where === undefined ? '' : ` WHERE (${where}\n)`;
  return `${ctes === undefined ? '' : `${ctes} `}SELECT ${select} FROM ${from}\n${condition}`;
}
