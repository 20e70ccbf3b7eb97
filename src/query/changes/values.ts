/** New values of columns, as SQL. */
import type { Field } from 'apache-arrow';
import { SkuaError } from '../../errors.js';
import { writeDefault } from '../../iceberg/index.js';
import type { NestedField } from '../../iceberg/types.js';
import { quoteName, quoteString, tokenize } from '../../sql/index.js';
import type { Assignment } from '../syntax/row-change.js';
import { fieldNamed } from '../tables/fields.js';
import { losslessSql } from '../writing/lossless.js';
import { withFieldDefaults } from '../writing/struct-defaults.js';
import { typedSql } from '../writing/typed-values.js';

/** What is assigned to a column or to fields inside it. */
interface Assigned {
  /** SQL of the whole value. */
  value?: string;
  fields: Map<number, Assigned>;
}

/**
 * The SQL of each column that is assigned, by field id. `qualifier` is the table's name in the statement. A column that does not exist, or is
 * assigned twice: INVALID_ARGUMENT.
 */
export function assignedValues(
  fields: readonly NestedField[],
  assignments: readonly Assignment[],
  qualifier: string,
  sqlFor: SqlFor,
): Map<number, string> {
  const root: Assigned = { fields: new Map() };
  for (const { path, value } of assignments) {
    assign(root, fields, { path: withoutQualifier(fields, path, qualifier), value, sqlFor });
  }
  const values = new Map<number, string>();
  for (const field of fields) {
    const assigned = root.fields.get(field.id);
    if (assigned) values.set(field.id, valueSql(field, assigned, columnSql(qualifier, field)));
  }
  return values;
}

export function columnSql(qualifier: string, { name }: NestedField): string {
  return `${quoteName(qualifier)}.${quoteName(name)}`;
}

export type SqlFor = (field: NestedField, expression: string | undefined) => string;

/**
 * An expression of a statement as the value of a column; DEFAULT where there is none. A parameter that stands alone gets the column's type. `given`
 * is what the expression is, where that is known.
 */
export function expressionSql(field: NestedField, expression: string | undefined, given?: Field): string {
  if (expression === undefined) return writeDefault(field);
  const tokens = [...tokenize(expression)].filter(({ text }) => text !== '(' && text !== ')');
  const isVariant = field.type.kind === 'primitive' && field.type.type === 'variant';
  const isParameter = tokens.length === 1 && tokens[0]?.kind === 'parameter' && !isVariant;
  // A comment at the end of the expression must end with it.
  const value = `(${expression}\n)`;
  return isParameter ? typedSql(field.type, value) : completed(field, value, given);
}

/** The same as one branch of several, which must have one type. `given` is what the expression is, where that is known. */
export function branchSql(field: NestedField, expression: string | undefined, given?: Field): string {
  if (expression === undefined) return writeDefault(field);
  const value = completed(field, `(${expression}\n)`, given);
  return hasParameters(expression)
    ? typedSql(field.type, value)
    : losslessSql(field.name, field.type, value, (item) => typedSql(field.type, item), given);
}

/** The value is computed once, however often its parts are looked at. */
function completed({ type }: NestedField, value: string, given: Field | undefined): string {
  const whole = withFieldDefaults(type, 'given', given);
  return whole === 'given' ? value : `list_transform([${value}], lambda given: ${whole})[1]`;
}

export function hasParameters(expression: string): boolean {
  return [...tokenize(expression)].some(({ kind }) => kind === 'parameter');
}

/** Whether it takes the type of a value to know what the column would lose of it, or how it is cast. */
export function hangsOnGiven({ type }: NestedField): boolean {
  return type.kind === 'struct' || type.kind === 'list' || type.kind === 'map';
}

/** Where an assignment leads, and how it becomes SQL. */
interface Assigning {
  path: readonly string[];
  value: string | undefined;
  sqlFor: SqlFor;
}

function assign(outer: Assigned, fields: readonly NestedField[], { path, value, sqlFor }: Assigning): void {
  const field = fieldNamed(fields, path[0] as string);
  const existing = outer.fields.get(field.id);
  const inner = path.slice(1);
  if (existing && (existing.value !== undefined || inner.length === 0)) {
    throw new SkuaError('INVALID_ARGUMENT', `Column "${field.name}" is assigned twice`);
  }
  const assigned: Assigned = existing ?? { fields: new Map() };
  outer.fields.set(field.id, assigned);
  if (inner.length === 0) assigned.value = sqlFor(field, value);
  else if (field.type.kind !== 'struct') {
    throw new SkuaError('INVALID_ARGUMENT', `Column "${field.name}" is no struct; it has no field "${inner[0]}"`);
  } else assign(assigned, field.type.fields, { path: inner, value, sqlFor });
}

/** A struct with some new fields; the others stay, and are null in a struct that was null. */
function valueSql(field: NestedField, assigned: Assigned, before: string): string {
  if (assigned.value !== undefined) return assigned.value;
  const { type } = field;
  if (type.kind !== 'struct') return before;
  const parts = type.fields.map((child) => {
    const old = `struct_extract(${before}, ${quoteString(child.name)})`;
    const inner = assigned.fields.get(child.id);
    return `${quoteName(child.name)} := ${inner ? valueSql(child, inner, old) : old}`;
  });
  return `struct_pack(${parts.join(', ')})`;
}

function withoutQualifier(fields: readonly NestedField[], path: string[], qualifier: string): string[] {
  const first = (path[0] as string).toLowerCase();
  const isColumn = fields.some(({ name }) => name.toLowerCase() === first);
  return path.length > 1 && !isColumn && first === qualifier.toLowerCase() ? path.slice(1) : path;
}
