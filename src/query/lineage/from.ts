/** FROM: tables, derived tables, joins, and functions that give rows. */
import { type ExpressionContext, isList, lineageOfAll, traceValue } from './expressions.js';
import { JOIN, type Lineage, NOTHING, UNKNOWN, union, untraceable } from './lineage.js';
import { type Column, NO_TABLES, type Relation, Scope, type Tables, type Value, withNames } from './scope.js';
import {
  argumentsOf,
  calledBy,
  nodeOf,
  nodesOf,
  queryOf,
  type SyntaxNode,
  type SyntaxValue,
  textOf,
  textsOf,
} from './tree.js';

/** Rows with names for their columns. */
export interface NamedRows {
  columns: readonly Column[];
  /** What decides which rows there are. */
  rows: Lineage;
}

/** A clause, or a part of it. */
export interface FromPart {
  tables: Tables;
  rows: Lineage;
}

export interface Sources {
  /** A common table expression, or a table, by its name in lower case. */
  named(name: string): NamedRows | undefined;
  query(node: SyntaxNode, outer: Scope | undefined): NamedRows;
  expressions(scope: Scope): ExpressionContext;
}

const EMPTY: FromPart = { tables: NO_TABLES, rows: NOTHING };

/** `outer` is what subqueries in it can see besides, which are the tables before them too. */
export function fromClause(value: SyntaxValue | undefined, sources: Sources, outer: Scope | undefined): FromPart {
  const node = nodeOf(value);
  if (!node || node.type === 'EMPTY') return EMPTY;
  switch (node.type) {
    case 'BASE_TABLE': {
      const name = textOf(node.table_name);
      const isPlain = textOf(node.schema_name) === '' && textOf(node.catalog_name) === '';
      const found =
        (isPlain ? sources.named(name.toLowerCase()) : undefined) ?? untraceable('a table that is not known');
      return related(node, found, name);
    }
    case 'SUBQUERY': {
      const { columns, rows } = sources.query(queryOf(node.subquery), outer);
      return related(node, { columns: withNames(columns), rows });
    }
    case 'EXPRESSION_LIST':
      return related(node, valuesList(node, sources.expressions(new Scope(NO_TABLES, outer))));
    case 'TABLE_FUNCTION':
      return tableFunction(node, sources.expressions(new Scope(NO_TABLES, outer)));
    case 'JOIN':
      return join(node, sources, outer);
    default:
      return untraceable(`${textOf(node.type)} in FROM`);
  }
}

function related(node: SyntaxNode, { columns, rows }: NamedRows, name = ''): FromPart {
  const alias = (textOf(node.alias) || name).toLowerCase();
  const given = textsOf(node.column_name_alias);
  const named = columns.map((column, index) => ({ ...column, name: given[index] ?? column.name }));
  const relation: Relation = { alias: alias === '' ? undefined : alias, columns: named };
  return { tables: { relations: [relation], merged: new Map() }, rows };
}

function valuesList(node: SyntaxNode, context: ExpressionContext): NamedRows {
  const rows = (Array.isArray(node.values) ? node.values : []).map((row) =>
    nodesOf(row).map((value) => traceValue(value, context).lineage),
  );
  const columns = (rows[0] ?? []).map((_, index) => ({
    name: `col${index}`,
    lineage: union(rows.map((row) => row[index] ?? UNKNOWN)),
  }));
  return { columns, rows: NOTHING };
}

const JSON_COLUMNS = ['key', 'value', 'type', 'atom', 'id', 'parent', 'fullkey', 'path'];

/** How many rows there are hangs on the arguments. */
function tableFunction(node: SyntaxNode, context: ExpressionContext): FromPart {
  const call = nodeOf(node.function);
  const name = calledBy(call) ?? '';
  const [first, ...others] = argumentsOf(call);
  const given = traceValue(first, context);
  const lineage = union([given.lineage, lineageOfAll(others, context)]).transformed();
  const names = namesOf(name, others.length === 0 && isList(first, given));
  const type = name === 'unnest' && given.type?.kind === 'list' ? given.type.element : undefined;
  const columns: Column[] = names.map((column) => ({ name: column, lineage, type }));
  if (node.with_ordinality === 'WITH_ORDINALITY') columns.push({ name: 'ordinality', lineage: NOTHING });
  return related(node, { columns, rows: lineage.as(JOIN) }, name);
}

function namesOf(name: string, isPlainList: boolean): (string | undefined)[] {
  if (name === 'range' || name === 'generate_series') return [name];
  if (name === 'unnest' && isPlainList) return [name];
  if (name === 'repeat') return [undefined];
  if (name === 'json_each' || name === 'json_tree') return JSON_COLUMNS;
  return untraceable(`the columns of ${name}`);
}

function join(node: SyntaxNode, sources: Sources, outer: Scope | undefined): FromPart {
  const [kind, type] = [textOf(node.ref_type), textOf(node.join_type)];
  const left = fromClause(node.left, sources, outer);
  const right = fromClause(node.right, sources, new Scope(left.tables, outer));
  const both = {
    relations: [...left.tables.relations, ...right.tables.relations],
    merged: new Map([...left.tables.merged, ...right.tables.merged]),
  };
  const part = (rows: Lineage, tables: Tables): FromPart => ({
    tables: type === 'SEMI' || type === 'ANTI' ? left.tables : tables,
    rows: union([left.rows, right.rows, rows]),
  });
  const using = kind === 'NATURAL' ? commonNames(left.tables, right.tables) : textsOf(node.using_columns);
  if (using.length > 0) {
    const { tables, rows } = merged(using, [left.tables, right.tables], { kind, type });
    return part(rows, tables);
  }
  switch (kind) {
    case 'REGULAR':
    case 'ASOF':
      return part(traceValue(node.condition, sources.expressions(new Scope(both, outer))).lineage.as(JOIN), both);
    case 'CROSS':
    case 'NATURAL':
    case 'POSITIONAL':
      return part(NOTHING, both);
    default:
      return untraceable(`a ${kind} join`);
  }
}

/** Names of the columns that both sides show, in lower case. */
function commonNames(left: Tables, right: Tables): string[] {
  const [ours, theirs] = [left, right].map((tables) => {
    return new Scope(tables)
      .star('')
      .map(({ name }) => name?.toLowerCase() ?? untraceable('a join by names not known'));
  }) as [string[], string[]];
  return [...new Set(ours.filter((name) => theirs.includes(name)))];
}

/** Columns of both sides made one, by their names. */
function merged(
  names: readonly string[],
  [left, right]: [Tables, Tables],
  { kind, type }: { kind: string; type: string },
): { tables: Tables; rows: Lineage } {
  const [ours, theirs] = [copied(left), copied(right)];
  const merged = new Map([...left.merged, ...right.merged]);
  const compared: Lineage[] = [];
  for (const [index, written] of names.entries()) {
    const name = written.toLowerCase();
    const [first, second] = [shownColumn(ours, name), shownColumn(theirs, name)];
    const [one, other] = [first.shown ?? first, second.shown ?? second];
    compared.push(one.lineage, other.lineage);
    // The last column of an ASOF join is compared by order.
    const isUnequal = kind === 'ASOF' && index === names.length - 1;
    const value = isUnequal ? { lineage: UNKNOWN } : mergedValue(one, other, type);
    first.shown = value;
    second.isMerged = true;
    merged.set(name, value);
  }
  return { tables: { relations: [...ours, ...theirs], merged }, rows: union(compared).as(JOIN) };
}

function mergedValue(one: Value, other: Value, type: string): Value {
  if (type === 'RIGHT') return { lineage: other.lineage, type: other.type };
  if (type === 'OUTER' || type === 'FULL') return { lineage: union([one.lineage, other.lineage]) };
  return { lineage: one.lineage, type: one.type };
}

function copied({ relations }: Tables): Relation[] {
  return relations.map(({ alias, columns }) => ({ alias, columns: columns.map((column) => ({ ...column })) }));
}

function shownColumn(relations: readonly Relation[], name: string): Column {
  const found = relations.flatMap(({ columns }) =>
    columns.filter((column) => !column.isMerged && column.name?.toLowerCase() === name),
  );
  return found.length === 1 && found[0] ? found[0] : untraceable('a USING clause with a name that is not known');
}
