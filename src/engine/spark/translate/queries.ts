/** Queries: SELECT, set operations, common table expressions. */
import { isAggregate } from './aggregates.js';
import { cast } from './casts.js';
import { Expressions, type Statement, type TranslatedQuery } from './expressions.js';
import { From, type SourceTable } from './from.js';
import { condition } from './functions.js';
import { refuse } from './refusal.js';
import { columnName, Names, Scope, type Typed } from './scope.js';
import { isNode, nodeOf, nodesOf, queryOf, type SyntaxNode, type SyntaxValue, textOf, textsOf } from './tree.js';
import { commonType, isSameType } from './types.js';

/** A query whose columns have names in the text around it; a column that no name can mean has none. */
export interface NamedQuery extends TranslatedQuery {
  columns: { name: string | undefined; type: Typed['type'] }[];
}

/** Common table expressions in sight, by name in lower case. */
export type CommonTables = ReadonlyMap<string, SourceTable>;

export interface StatementParts {
  /** Tables by binding name in lower case. */
  tables: ReadonlyMap<string, SourceTable>;
  parameters: ReadonlyMap<string, Typed>;
  replaced: ReadonlySet<string>;
}

/** One item of a SELECT list. */
interface Item {
  name: string | undefined;
  value: Typed;
}

export class Queries {
  readonly #parts: StatementParts;
  readonly names = new Names();

  constructor(parts: StatementParts) {
    this.#parts = parts;
  }

  query(node: SyntaxNode, outer: Scope | undefined, around: CommonTables): NamedQuery {
    const { tables, text } = this.#commonTables(node, around);
    const query = this.#body(node, outer, tables);
    return { ...query, sql: `${text}${query.sql}` };
  }

  #commonTables(node: SyntaxNode, around: CommonTables): { tables: CommonTables; text: string } {
    const entries = nodesOf(nodeOf(node.cte_map)?.map);
    if (entries.length === 0) return { tables: around, text: '' };
    const tables = new Map(around);
    const texts: string[] = [];
    for (const { key, value } of entries) {
      const expression = nodeOf(value) ?? {};
      const { sql, columns } = this.query(queryOf(expression.query), undefined, tables);
      const name = this.names.next();
      const aliases = textsOf(expression.aliases);
      tables.set(textOf(key).toLowerCase(), {
        sql: name,
        columns: columns.map((column, index) => ({
          ...column,
          name: aliases[index] ?? column.name,
          sql: columnName(index),
        })),
      });
      texts.push(`${name} AS (${sql})`);
    }
    return { tables, text: `WITH ${texts.join(', ')} ` };
  }

  #body(node: SyntaxNode, outer: Scope | undefined, tables: CommonTables): NamedQuery {
    switch (node.type) {
      case 'SELECT_NODE':
        return this.#select(node, outer, tables);
      case 'SET_OPERATION_NODE':
        return this.#setOperation(node, outer, tables);
      default:
        return refuse(`a query of the kind ${textOf(node.type)} is not translated`);
    }
  }

  #select(node: SyntaxNode, outer: Scope | undefined, tables: CommonTables): NamedQuery {
    if (isNode(node.qualify)) refuse('QUALIFY is not translated');
    if (isNode(node.sample)) refuse('a sample is not translated');
    const scope = new Scope(outer);
    const statement: Statement = {
      names: this.names,
      parameters: this.#parts.parameters,
      replaced: this.#parts.replaced,
      subquery: (inner, around) => this.query(inner, around, tables),
    };
    const expressions = new Expressions(scope, statement);
    const sources = {
      named: (name: string) => tables.get(name) ?? this.#parts.tables.get(name),
      query: (inner: SyntaxNode) => this.query(inner, outer, tables),
    };
    const from = new From(scope, expressions, this.names, sources).text(node.from_table);
    scope.aliases = aliasesOf(node.select_list, expressions);
    const items = itemsOf(node.select_list, scope, expressions);
    const where = isNode(node.where_clause) ? ` WHERE ${expressions.condition(node.where_clause)}` : '';
    const groups = groupBy(node, items, expressions);
    const having = isNode(node.having) ? ` HAVING ${condition(expressions.one(node.having))}` : '';
    const modifiers = this.#modifiers(node, items, { scope, expressions });
    const list = items.map(({ value }, index) => `${value.sql} AS ${columnName(index)}`).join(', ');
    return {
      sql: `SELECT ${modifiers.distinct}${list}${from}${where}${groups}${having}${modifiers.rest}`,
      columns: items.map(({ name, value }) => ({ name, type: value.type })),
    };
  }

  #setOperation(node: SyntaxNode, outer: Scope | undefined, tables: CommonTables): NamedQuery {
    const operator = { UNION: 'UNION', EXCEPT: 'EXCEPT', INTERSECT: 'INTERSECT' }[textOf(node.setop_type)];
    if (operator === undefined) refuse(`${textOf(node.setop_type)} is not translated`);
    const sides = [node.left, node.right].map((side) => this.query(nodeOf(side) ?? {}, outer, tables));
    const [left, right] = sides as [NamedQuery, NamedQuery];
    const types = left.columns.map(({ type }, index) =>
      commonType(type, (right.columns[index] ?? refuse('columns differ')).type),
    );
    const [first, second] = sides.map((side) => this.#inTypes(side, types));
    const columns = left.columns.map(({ name }, index) => ({ name, type: types[index] as Typed['type'] }));
    const items = columns.map(({ name, type }, index) => ({ name, value: { sql: columnName(index), type } }));
    const { distinct, rest } = this.#modifiers(node, items);
    if (distinct !== '') refuse('DISTINCT of a set operation is not translated');
    return {
      sql: `(${first}) ${operator} ${node.setop_all === true ? 'ALL' : 'DISTINCT'} (${second})${rest}`,
      columns,
    };
  }

  #inTypes({ sql, columns }: NamedQuery, types: readonly Typed['type'][]): string {
    if (columns.every(({ type }, index) => isSameType(type, types[index] as Typed['type']))) return sql;
    const table = this.names.next();
    const list = columns.map(({ type }, index) => {
      const value = { sql: `${table}.${columnName(index)}`, type };
      return `${cast(value, types[index] as Typed['type']).sql} AS ${columnName(index)}`;
    });
    return `SELECT ${list.join(', ')} FROM (${sql}) AS ${table}`;
  }

  /** DISTINCT, and what follows a query: ORDER BY, LIMIT, OFFSET. */
  #modifiers(
    node: SyntaxNode,
    items: readonly Item[],
    select?: { scope: Scope; expressions: Expressions },
  ): { distinct: string; rest: string } {
    let [distinct, order, limit] = ['', '', ''];
    for (const modifier of nodesOf(node.modifiers)) {
      switch (modifier.type) {
        case 'DISTINCT_MODIFIER':
          if (nodesOf(modifier.distinct_on_targets).length > 0) refuse('DISTINCT ON is not translated');
          distinct = 'DISTINCT ';
          break;
        case 'ORDER_MODIFIER': {
          const terms = nodesOf(modifier.orders).map((term) => {
            const direction = textOf(term.type) === 'DESCENDING' ? 'DESC' : 'ASC';
            const nulls = textOf(term.null_order) === 'NULLS FIRST' ? 'FIRST' : 'LAST';
            return `${orderTerm(term.expression, items, select)} ${direction} NULLS ${nulls}`;
          });
          order = ` ORDER BY ${terms.join(', ')}`;
          break;
        }
        case 'LIMIT_MODIFIER':
          limit = `${rows('LIMIT', modifier.limit)}${rows('OFFSET', modifier.offset)}`;
          break;
        default:
          refuse(`${textOf(modifier.type)} is not translated`);
      }
    }
    return { distinct, rest: `${order}${limit}` };
  }
}

/** What a name in the SELECT list stands for where it is used in the same SELECT. */
function aliasesOf(list: SyntaxValue | undefined, expressions: Expressions): (name: string) => Typed | undefined {
  const open = new Set<string>();
  const items = nodesOf(list);
  return (name) => {
    const item = items.find(({ alias }) => textOf(alias).toLowerCase() === name);
    if (!item || open.has(name)) return undefined;
    open.add(name);
    try {
      return expressions.one(item);
    } finally {
      open.delete(name);
    }
  };
}

function itemsOf(list: SyntaxValue | undefined, scope: Scope, expressions: Expressions): Item[] {
  return nodesOf(list).flatMap((node) => {
    if (node.class === 'STAR') return starItems(node, scope);
    const written = node.class === 'COLUMN_REF' ? textsOf(node.column_names).at(-1) : undefined;
    const name = textOf(node.alias) || written;
    return [{ name: name?.toLowerCase(), value: expressions.one(node) }];
  });
}

function starItems(node: SyntaxNode, scope: Scope): Item[] {
  const isPlain = ['replace_list', 'rename_list', 'qualified_exclude_list'].every((list) => isEmpty(node[list]));
  if (!isPlain || isNode(node.expr) || node.columns === true)
    refuse('a star with REPLACE, RENAME or COLUMNS is not translated');
  const excluded = new Set(textsOf(node.exclude_list).map((name) => name.toLowerCase()));
  const table = textOf(node.relation_name).toLowerCase();
  const relations = table === '' ? scope.relations : scope.relations.filter(({ alias }) => alias === table);
  if (relations.length === 0) refuse(`the star of ${table} is not translated`);
  return relations
    .flatMap(({ columns }) => columns.filter(({ isMerged }) => table !== '' || !isMerged))
    .filter(({ name }) => !excluded.has(name))
    .map(({ name, value }) => ({ name, value }));
}

function isEmpty(value: SyntaxValue | undefined): boolean {
  if (value === undefined || value === null) return true;
  return Array.isArray(value) ? value.length === 0 : typeof value === 'object' && Object.keys(value).length === 0;
}

function groupBy(node: SyntaxNode, items: readonly Item[], expressions: Expressions): string {
  if (textOf(node.aggregate_handling) === 'FORCE_AGGREGATES') return groupByAll(node, items);
  const terms = nodesOf(node.group_expressions).map((term) => groupTerm(term, items, expressions));
  if (terms.length === 0) return '';
  const sets = Array.isArray(node.group_sets) ? (node.group_sets as number[][]) : [];
  const [only] = sets;
  if (sets.length <= 1 && (only?.length ?? 0) === terms.length) return ` GROUP BY ${terms.join(', ')}`;
  const written = sets.map((set) => `(${set.map((index) => terms[index]).join(', ')})`);
  return ` GROUP BY GROUPING SETS (${written.join(', ')})`;
}

/** GROUP BY ALL: by every column that is computed without aggregates. */
function groupByAll(node: SyntaxNode, items: readonly Item[]): string {
  const list = nodesOf(node.select_list);
  if (list.length !== items.length) refuse('a star with GROUP BY ALL is not translated');
  const terms = items.filter((_, index) => !aggregates(list[index]));
  return terms.length === 0 ? '' : ` GROUP BY ${terms.map(({ value }) => groupedBy(value)).join(', ')}`;
}

/** Whether an expression holds an aggregate of its own query. */
function aggregates(value: SyntaxValue | undefined): boolean {
  if (Array.isArray(value)) return value.some(aggregates);
  if (!isNode(value) || value.class === 'SUBQUERY') return false;
  if (value.class === 'FUNCTION' && isAggregate(textOf(value.function_name).toLowerCase())) return true;
  return Object.values(value).some(aggregates);
}

/** A number alone would be the place of a column. */
function groupedBy({ sql, integer }: Typed): string {
  return integer === undefined ? sql : `CAST(${sql} AS INT)`;
}

function groupTerm(term: SyntaxNode, items: readonly Item[], expressions: Expressions): string {
  const value = expressions.one(term);
  if (value.integer === undefined) return value.sql;
  return groupedBy(items[Number(value.integer) - 1]?.value ?? refuse('GROUP BY of a constant'));
}

/** A place in the SELECT list, where the term stands in it; else its expression. */
function orderTerm(
  term: SyntaxValue | undefined,
  items: readonly Item[],
  select?: { scope: Scope; expressions: Expressions },
): string {
  const node = nodeOf(term) ?? {};
  const name = node.class === 'COLUMN_REF' ? textsOf(node.column_names) : [];
  const named = name.length === 1 ? items.findIndex((item) => item.name === name[0]?.toLowerCase()) : -1;
  if (named >= 0) return String(named + 1);
  if (!select) {
    const place = node.class === 'CONSTANT' && isNode(node.value) ? Number(node.value.value) : Number.NaN;
    return items[place - 1]
      ? String(place)
      : refuse('ORDER BY of an expression behind a set operation is not translated');
  }
  for (const used of namesIn(node)) {
    const isAlias = items.some(
      (item) => item.name === used && item.value.sql !== select.expressions.one(columnRef(used)).sql,
    );
    if (isAlias && select.scope.hasOwn(used)) refuse(`the name ${used} in ORDER BY could mean several columns`);
  }
  const value = select.expressions.one(node);
  if (value.integer !== undefined) return String(value.integer);
  const same = items.findIndex((item) => item.value.sql === value.sql);
  return same >= 0 ? String(same + 1) : value.sql;
}

function columnRef(name: string): SyntaxNode {
  return { class: 'COLUMN_REF', column_names: [name] };
}

/** Names of one part in an expression. */
function namesIn(value: SyntaxValue | undefined): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (!isNode(value)) return [];
  const path = value.class === 'COLUMN_REF' ? textsOf(value.column_names) : [];
  if (path.length === 1) return [(path[0] as string).toLowerCase()];
  return value.class === 'SUBQUERY' ? [] : Object.values(value).flatMap(namesIn);
}

function rows(word: 'LIMIT' | 'OFFSET', value: SyntaxValue | undefined): string {
  if (value === undefined || value === null) return '';
  const constant = isNode(value) && value.class === 'CONSTANT' && isNode(value.value) ? value.value.value : undefined;
  return typeof constant === 'number' && Number.isInteger(constant)
    ? ` ${word} ${constant}`
    : refuse(`${word} of an expression is not translated`);
}
