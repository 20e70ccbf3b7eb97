/** MERGE as a query: the rows of the table with their partners in the source, then the rows of the source that have none. */
import type { Field } from 'apache-arrow';
import { SkuaError } from '../../errors.js';
import type { NestedField } from '../../iceberg/types.js';
import { quoteName, tokenize } from '../../sql/index.js';
import type { MergeAction, MergeClause, MergeStatement } from '../syntax/row-change.js';
import { volatileCalls } from '../syntax/volatile.js';
import { fieldNamed } from '../tables/fields.js';
import type { PinnedTable } from '../tables/tables.js';
import { hasRowIds } from '../writing/lineage.js';
import { assignedColumns, type ChangeQuery, changeColumns, changed } from './change-query.js';
import { qualifierOf, targetSql } from './target.js';
import { assignedValues, branchSql, columnSql, hangsOnGiven, hasParameters, type SqlFor } from './values.js';

/** Common table expressions of the query: the source, with numbered rows, and the pairs. */
const source = quoteName('skua source');
const pairs = quoteName('skua pairs');
const row = quoteName('skua row');
/** Which WHEN clause takes the row: the first whose condition holds. */
const clause = quoteName('skua clause');
/** The pairs by the places of their rows, with the clause that takes each: where a condition is asked only once. */
const taken = quoteName('skua taken');

/** Unknown columns, and values that don't fit the columns in number: INVALID_ARGUMENT. */
export function mergeQuery(
  table: PinnedTable,
  statement: MergeStatement,
  /** Names of the source's columns, where an action takes those that there are, or an expression its whole row. */
  sourceColumns: readonly string[],
  types: GivenTypes = { update: new Map(), insert: new Map() },
): ChangeQuery {
  const { target, clauses } = statement;
  const sourceName = sourceNameOf(statement);
  const from = { name: statement.source.name, columns: sourceColumns };
  const sqlFor = (given: ReadonlyMap<string, Field>): SqlFor => {
    return (field, expression) => branchSql(field, expression, given.get(expression ?? ''));
  };
  const whole = namesWholeSource(statement, sourceColumns)
    ? [`${quoteName(sourceName)} AS ${quoteName(sourceName)}`]
    : [];
  const numbered = ['*', ...whole, `row_number() OVER () AS ${row}`].join(', ');
  const ctes = [
    `${source} AS MATERIALIZED (SELECT ${numbered} FROM ${statement.source.text}\n)`,
    ...(asksOnce(statement) ? [`${taken} AS MATERIALIZED (${takenSql(statement)})`] : []),
    `${pairs} AS MATERIALIZED (${pairsSql(table, statement, sourceColumns, sqlFor(types.update))})`,
  ];
  const before = target.with === undefined ? 'WITH ' : `${target.with}, `;
  const parts = [
    `SELECT * EXCLUDE (${row}, ${clause}) FROM ${pairs} WHERE ${clause} IN (${effective(clauses, ['matched', 'target'])})`,
    ...(clauses.some(({ rows }) => rows === 'source')
      ? [insertsSql(table, clauses, { name: sourceName, columns: sourceColumns }, sqlFor(types.insert))]
      : []),
  ];
  return {
    sql: `${before}${ctes.join(', ')} ${parts.join(' UNION ALL ')}`,
    columns: changeColumns(table, { writes: true, ordinal: false }),
    checked: assignedColumns(clauses.flatMap((candidate) => assignedBy(table, candidate, qualifierOf(target), from))),
    writes: true,
    twice: 'refuse',
  };
}

/** Field ids of the columns that a clause gives values. */
function assignedBy(table: PinnedTable, { action }: MergeClause, qualifier: string, from: MergeColumns): number[] {
  const sqlFor = () => 'NULL';
  if (action.kind === 'update') return [...updatedValues(table, action, { qualifier, from, sqlFor }).keys()];
  return action.kind === 'insert' ? table.schema.fields.map(({ id }) => id) : [];
}

/**
 * The queries whose columns are the values that a MERGE gives to columns, each with their texts: where a matched row and its partner are in scope,
 * and where the source is alone. Values with parameters, and those of columns of plain types, are not asked for.
 */
export function givenValues(
  table: PinnedTable,
  statement: MergeStatement,
  sourceColumns: readonly string[],
): Record<keyof GivenTypes, { sql: string; texts: string[] } | undefined> {
  const { target, clauses } = statement;
  const texts = { update: new Set<string>(), insert: new Set<string>() };
  const collecting =
    (found: Set<string>): SqlFor =>
    (field, expression) => {
      if (expression !== undefined && hangsOnGiven(field) && !hasParameters(expression)) found.add(expression);
      return 'NULL';
    };
  for (const { action } of clauses) {
    const from = { name: statement.source.name, columns: sourceColumns };
    if (action.kind === 'update') {
      updatedValues(table, action, { qualifier: qualifierOf(target), from, sqlFor: collecting(texts.update) });
    } else if (action.kind === 'insert') {
      insertedValues(table, action, { ...from, name: sourceNameOf(statement) }, collecting(texts.insert));
    }
  }
  const theirs = `(SELECT * FROM ${statement.source.text}\n) AS ${quoteName(sourceNameOf(statement))}`;
  const queryOf = (found: Set<string>, from: string) => {
    const values = [...found].map((text) => `(${text}\n)`);
    const before = target.with === undefined ? '' : `${target.with} `;
    return found.size === 0
      ? undefined
      : { sql: `${before}SELECT ${values.join(', ')} FROM ${from}`, texts: [...found] };
  };
  return {
    update: queryOf(texts.update, `${targetSql(target)}, ${theirs}`),
    insert: queryOf(texts.insert, theirs),
  };
}

/** What values are that a MERGE gives to columns, by their texts, where that says what would be lost of them. */
export interface GivenTypes {
  update: ReadonlyMap<string, Field>;
  insert: ReadonlyMap<string, Field>;
}

function pairsSql(
  table: PinnedTable,
  statement: MergeStatement,
  sourceColumns: readonly string[],
  sqlFor: SqlFor,
): string {
  const { target, clauses } = statement;
  const qualifier = qualifierOf(target);
  const ours = quoteName(qualifier);
  const updates = clauses.map(({ action }) =>
    action.kind === 'update'
      ? updatedValues(table, action, {
          qualifier,
          from: { name: statement.source.name, columns: sourceColumns },
          sqlFor,
        })
      : undefined,
  );
  const writing = clauses.flatMap(({ action }, index) => (action.kind === 'update' ? [index] : []));
  const values = table.schema.fields.map((field) => {
    const cases = updates.flatMap((assigned, index) => {
      const value = assigned?.get(field.id);
      return value === undefined ? [] : [`WHEN ${index} THEN ${value}`];
    });
    const old = columnSql(qualifier, field);
    const value = cases.length === 0 ? old : `CASE ${clause} ${cases.join(' ')} ELSE ${old} END`;
    return `${value} AS ${quoteName(field.name)}`;
  });
  const select = [
    ...(asksOnce(statement) ? [row, clause].map((name) => `${taken}.${name} AS ${name}`) : paired(statement)),
    `${ours}._file AS ${quoteName(changed.file)}`,
    `${ours}._pos AS ${quoteName(changed.position)}`,
    ...(hasRowIds(table) ? [`${ours}._row_id AS ${quoteName(changed.rowId)}`] : []),
    `${orError(clauses, ['matched', 'target'], `${clause} IN (${listOf(writing)})`)} AS ${quoteName(changed.writes)}`,
    ...values,
  ];
  return `SELECT ${select.join(', ')} FROM ${asksOnce(statement) ? fromTaken(statement) : joined(statement)}`;
}

/** The number of the partner of each pair, and the clause. */
function paired(statement: MergeStatement): string[] {
  const { clauses } = statement;
  const partner = `${quoteName(sourceNameOf(statement))}.${row}`;
  const chosen = clauses.flatMap(({ rows, condition }, index) => {
    if (rows === 'source') return [];
    const side = rows === 'matched' ? `${partner} IS NOT NULL` : `${partner} IS NULL`;
    return [`WHEN ${side}${conditionSql(condition)} THEN ${index}`];
  });
  const number = chosen.length > 0 ? `CASE ${chosen.join(' ')} END` : 'CAST(NULL AS INTEGER)';
  return [`${partner} AS ${row}`, `${number} AS ${clause}`];
}

/** The rows of the table with their partners. */
function joined(statement: MergeStatement): string {
  const { target, on, clauses } = statement;
  const [ours, theirs] = [quoteName(qualifierOf(target)), quoteName(sourceNameOf(statement))];
  const join = clauses.some(({ rows }) => rows === 'target') ? 'LEFT JOIN' : 'JOIN';
  const condition =
    'condition' in on
      ? `(${on.condition}\n)`
      : on.columns.map((name) => `${ours}.${quoteName(name)} = ${theirs}.${quoteName(name)}`).join(' AND ');
  return `${targetSql(target)} ${join} ${source} AS ${theirs} ON ${condition}`;
}

/** Whether a condition gives another answer each time, so that what hangs on it may not ask it again. */
function asksOnce({ clauses }: MergeStatement): boolean {
  return clauses.some(({ condition }) => condition !== undefined && volatileCalls(tokenize(condition)).length > 0);
}

function takenSql(statement: MergeStatement): string {
  const ours = quoteName(qualifierOf(statement.target));
  return `SELECT ${ours}._file AS f, ${ours}._pos AS p, ${paired(statement).join(', ')} FROM ${joined(statement)}`;
}

function fromTaken(statement: MergeStatement): string {
  const [ours, theirs] = [quoteName(qualifierOf(statement.target)), quoteName(sourceNameOf(statement))];
  const rows = `${targetSql(statement.target)} JOIN ${taken} ON ${ours}._file = ${taken}.f AND ${ours}._pos = ${taken}.p`;
  return `${rows} LEFT JOIN ${source} AS ${theirs} ON ${theirs}.${row} = ${taken}.${row}`;
}

/** Only the source is in scope, so that its columns need no qualifier. */
function insertsSql(
  table: PinnedTable,
  clauses: readonly MergeClause[],
  from: MergeColumns & { name: string },
  sqlFor: SqlFor,
): string {
  const theirs = quoteName(from.name);
  const chosen = clauses.flatMap(({ rows, condition }, index) =>
    rows === 'source' ? [`WHEN true${conditionSql(condition)} THEN ${index}`] : [],
  );
  const inserts = clauses.map(({ action }) =>
    action.kind === 'insert' ? insertedValues(table, action, from, sqlFor) : undefined,
  );
  const values = table.schema.fields.map((field) => {
    const cases = inserts.flatMap((inserted, index) =>
      inserted ? [`WHEN ${index} THEN ${inserted.get(field.id)}`] : [],
    );
    return cases.length === 0 ? 'NULL' : `CASE ${clause} ${cases.join(' ')} END`;
  });
  const select = [
    clause,
    'NULL AS f',
    'NULL AS p',
    ...(hasRowIds(table) ? ['NULL AS i'] : []),
    `${orError(clauses, ['source'], 'true')} AS w`,
    ...values.map((value, index) => `${value} AS c${index}`),
  ];
  // With its alias, a condition that gives another answer each time would be asked again.
  const unpaired = `SELECT ${theirs}.*, CASE ${chosen.join(' ')} END AS ${clause} FROM ${source} AS ${theirs} ANTI JOIN ${pairs} AS ${quoteName('pair')} ON ${quoteName('pair')}.${row} = ${theirs}.${row}`;
  const inserted = `SELECT ${select.join(', ')} FROM (${unpaired}) AS ${theirs}`;
  return `SELECT * EXCLUDE (${clause}) FROM (${inserted}) WHERE ${clause} IN (${effective(clauses, ['source'])})`;
}

/** Whether an expression may name the whole row of the source by its name, which none of its columns has. */
export function namesWholeSource(statement: MergeStatement, sourceColumns: readonly string[] = []): boolean {
  const name = statement.source.name?.toLowerCase();
  if (name === undefined || sourceColumns.some((column) => column.toLowerCase() === name)) return false;
  return expressionsOf(statement).some((expression) => {
    const tokens = tokenize(expression);
    const isRow = (index: number) => !tokens.isSymbol(index - 1, '.') && !tokens.isSymbol(index + 1, '.');
    return tokens.someName(({ text }, index) => text.toLowerCase() === name && isRow(index));
  });
}

function expressionsOf({ on, clauses }: MergeStatement): string[] {
  const values = clauses.flatMap(({ condition, action }) => {
    if (action.kind === 'error') return [condition, action.message];
    const given = action.kind === 'insert' ? action.values : action.kind === 'update' ? action.assignments : [];
    if (typeof given === 'string') return [condition];
    return [condition, ...given.map((one) => (typeof one === 'object' ? one.value : one))];
  });
  return [...('condition' in on ? [on.condition] : []), ...values].filter((text) => text !== undefined);
}

function sourceNameOf({ source: { name } }: MergeStatement): string {
  return name ?? 'source';
}

/** An expression, which fails for rows that a clause with THEN ERROR takes. */
function orError(clauses: readonly MergeClause[], sides: MergeClause['rows'][], expression: string): string {
  const failing = clauses.flatMap(({ rows, action }, index) => {
    if (action.kind !== 'error' || !sides.includes(rows)) return [];
    const text =
      action.message === undefined ? `'WHEN clause ${index + 1} of MERGE met a row'` : `(${action.message}\n)`;
    return [`WHEN ${index} THEN CAST(error(CAST(${text} AS VARCHAR)) AS BOOLEAN)`];
  });
  return failing.length === 0 ? expression : `CASE ${clause} ${failing.join(' ')} ELSE ${expression} END`;
}

function conditionSql(condition: string | undefined): string {
  return condition === undefined ? '' : ` AND (${condition}\n)`;
}

/** Numbers of the clauses that change something. */
function effective(clauses: readonly MergeClause[], rows: MergeClause['rows'][]): string {
  return listOf(
    clauses.flatMap((candidate, index) =>
      rows.includes(candidate.rows) && candidate.action.kind !== 'nothing' ? [index] : [],
    ),
  );
}

function listOf(numbers: readonly number[]): string {
  return numbers.length > 0 ? numbers.join(', ') : 'NULL';
}

function updatedValues(
  table: PinnedTable,
  action: MergeAction & { kind: 'update' },
  { qualifier, from, sqlFor }: { qualifier: string; from: MergeColumns; sqlFor: SqlFor },
): Map<number, string> {
  const { fields } = table.schema;
  if (action.assignments === '*') return sourceValues(fields, from.name, sqlFor);
  if (action.assignments === 'position') return valuesInOrder(fields, from, sqlFor);
  if (action.assignments === 'name') return valuesByName(fields, from, sqlFor);
  return assignedValues(fields, action.assignments, qualifier, sqlFor);
}

function insertedValues(
  table: PinnedTable,
  action: MergeAction & { kind: 'insert' },
  from: MergeColumns,
  sqlFor: SqlFor,
): Map<number, string> {
  const { fields } = table.schema;
  const { values } = action;
  if (values === '*') return sourceValues(fields, from.name, sqlFor);
  if (values === 'position') return valuesInOrder(fields, from, sqlFor);
  if (values === 'name') {
    const named = valuesByName(fields, from, sqlFor);
    return new Map(fields.map((field) => [field.id, named.get(field.id) ?? sqlFor(field, undefined)]));
  }
  const columns = action.columns?.map((name) => fieldNamed(fields, name)) ?? fields;
  const twice = columns.find((field, index) => columns.indexOf(field) !== index);
  if (twice) throw new SkuaError('INVALID_ARGUMENT', `Column "${twice.name}" is named twice`);
  if (columns.length !== values.length) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `INSERT names ${columns.length} columns, but gives ${values.length} values`,
    );
  }
  return new Map(
    fields.map((field) => {
      const index = columns.indexOf(field);
      return [field.id, sqlFor(field, index < 0 ? undefined : values[index])];
    }),
  );
}

/** The source of a MERGE: its name in the statement and its columns. */
interface MergeColumns {
  name: string | undefined;
  columns: readonly string[];
}

/** The columns of the source in their order, which are as many as those of the table. */
function valuesInOrder(
  fields: readonly NestedField[],
  { name, columns }: MergeColumns,
  sqlFor: SqlFor,
): Map<number, string> {
  if (fields.length !== columns.length) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `The source of MERGE has ${columns.length} columns for ${fields.length} of the table; write BY NAME, or the columns and VALUES`,
    );
  }
  const source = quoteName(name ?? 'source');
  return new Map(
    fields.map((field, index) => [field.id, sqlFor(field, `${source}.${quoteName(columns[index] as string)}`)]),
  );
}

/** The columns of the source, each for the column of its name. One that the table lacks: INVALID_ARGUMENT. */
function valuesByName(
  fields: readonly NestedField[],
  { name, columns }: MergeColumns,
  sqlFor: SqlFor,
): Map<number, string> {
  const source = quoteName(name ?? 'source');
  return new Map(
    columns.map((column) => {
      const field = fieldNamed(fields, column);
      return [field.id, sqlFor(field, `${source}.${quoteName(column)}`)];
    }),
  );
}

/** Each column by the name that it has in the source. */
function sourceValues(
  fields: readonly NestedField[],
  sourceName: string | undefined,
  sqlFor: SqlFor,
): Map<number, string> {
  if (sourceName === undefined) {
    throw new SkuaError('INVALID_ARGUMENT', 'Give the source of MERGE a name: USING (…) AS source');
  }
  return new Map(fields.map((field) => [field.id, sqlFor(field, columnSql(sourceName, field))]));
}
