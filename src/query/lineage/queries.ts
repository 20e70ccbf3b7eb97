/** Queries: what each column of theirs is made of, and what decides which rows there are. */
import { isAggregate } from './aggregates.js';
import { type ExpressionContext, isList, lineageOfAll, ordersOf, traceValue } from './expressions.js';
import { fromClause, type NamedRows, type Sources } from './from.js';
import { FILTER, GROUP_BY, isSame, JOIN, type Lineage, NOTHING, SORT, UNKNOWN, union, untraceable } from './lineage.js';
import { type Column, Scope, type Value, withNames } from './scope.js';
import { starColumns } from './stars.js';
import {
  argumentsOf,
  calledBy,
  constantOf,
  nodeOf,
  nodesOf,
  queryOf,
  type SyntaxNode,
  type SyntaxValue,
  textOf,
  textsOf,
} from './tree.js';

/** Rows by name in lower case. */
type NamedTables = ReadonlyMap<string, () => NamedRows>;

/** So much is looked at of a query: nodes, and the inputs of each, which takes some hundredths of a second. */
const MOST_STEPS = 200_000;
const DEEPEST = 400;
/** So often is a recursive part looked at. */
const MOST_ROUNDS = 32;

/** What a query gives; its tables by name in lower case. What can't be told: Untraceable. */
export function traceQuery(tree: SyntaxNode, tables: ReadonlyMap<string, NamedRows>): NamedRows {
  const named = new Map([...tables].map(([name, rows]) => [name, () => rows]));
  return new Queries().query(queryOf(tree), undefined, named);
}

/** A SELECT, with what its clauses are looked at by. */
interface Select {
  scope: Scope;
  expressions: ExpressionContext;
  items: readonly Column[];
}

class Queries {
  #steps = 0;
  #depth = 0;

  query(node: SyntaxNode, outer: Scope | undefined, around: NamedTables): NamedRows {
    if (++this.#depth > DEEPEST) untraceable('a query that is nested too deeply');
    const tables = this.#commonTables(node, outer, around);
    const found = this.#body(node, outer, tables);
    this.#depth--;
    this.#step(1 + found.rows.inputs.size + found.columns.length);
    return found;
  }

  #step(cost = 1): void {
    this.#steps += cost;
    if (this.#steps > MOST_STEPS) untraceable('a query that is too long');
  }

  /** Each is looked at once, and only where something reads it. */
  #commonTables(node: SyntaxNode, outer: Scope | undefined, around: NamedTables): NamedTables {
    const tables = new Map(around);
    for (const { key, value } of nodesOf(nodeOf(node.cte_map)?.map)) {
      const expression = nodeOf(value);
      const inside = new Map(tables);
      const aliases = textsOf(expression?.aliases);
      let found: NamedRows | undefined;
      tables.set(textOf(key).toLowerCase(), () => {
        if (!found) {
          const { columns, rows } = this.query(queryOf(expression?.query), outer, inside);
          found = { columns: withNames(columns, aliases), rows };
        }
        return found;
      });
    }
    return tables;
  }

  #body(node: SyntaxNode, outer: Scope | undefined, tables: NamedTables): NamedRows {
    switch (node.type) {
      case 'SELECT_NODE':
        return this.#select(node, outer, tables);
      case 'SET_OPERATION_NODE':
        return this.#setOperation(node, outer, tables);
      case 'RECURSIVE_CTE_NODE':
        return this.#recursive(node, outer, tables);
      default:
        return untraceable(`a query of the kind ${textOf(node.type)}`);
    }
  }

  #expressions(scope: Scope, tables: NamedTables): ExpressionContext {
    return {
      scope,
      query: (inner, around) => this.query(inner, around, tables),
      step: (cost) => this.#step(cost),
    };
  }

  #select(node: SyntaxNode, outer: Scope | undefined, tables: NamedTables): NamedRows {
    const sources: Sources = {
      named: (name) => tables.get(name)?.(),
      query: (inner, around) => this.query(inner, around, tables),
      expressions: (within) => this.#expressions(within, tables),
    };
    const from = fromClause(node.from_table, sources, outer);
    const scope = new Scope(from.tables, outer);
    const expressions = this.#expressions(scope, tables);
    const list = nodesOf(node.select_list);
    scope.aliases = aliasesOf(list, expressions);
    const written = list.map((item) => ({ item, columns: itemColumns(item, expressions) }));
    const items = written.flatMap(({ columns }) => columns);
    const select = { scope, expressions, items };
    const filtered = union([
      traceValue(node.where_clause, expressions).lineage,
      ...[node.having, node.qualify].map((one) => traceValue(one, { ...expressions, mayPreferAliases: true }).lineage),
    ]);
    const unnested = written.flatMap(({ item, columns }) =>
      unnests(item) ? columns.map(({ lineage }) => lineage) : [],
    );
    const rows = union([
      from.rows,
      filtered.as(FILTER),
      groupedBy(node, written, select).as(GROUP_BY),
      union(unnested).as(JOIN),
      modified(node, select),
    ]);
    return { columns: items, rows };
  }

  #setOperation(node: SyntaxNode, outer: Scope | undefined, tables: NamedTables): NamedRows {
    const nodes = nodesOf([node.left ?? null, node.right ?? null]);
    const sides = (nodes.length === 2 ? nodes : nodesOf(node.children)).map((side) => this.query(side, outer, tables));
    if (sides.length === 0) untraceable('a set operation of nothing');
    const kind = textOf(node.setop_type);
    const columns = columnsOfSides(kind, sides);
    const scope = new Scope({ relations: [{ alias: undefined, columns }], merged: new Map() }, outer);
    const select = { scope, expressions: this.#expressions(scope, tables), items: columns };
    const rows = [...sides.map((side) => side.rows), modified(node, select)];
    const values = union(sides.flatMap((side) => side.columns.map(({ lineage }) => lineage)));
    if (!kind.startsWith('UNION')) rows.push(values.as(FILTER));
    else if (node.setop_all !== true) rows.push(values.as(GROUP_BY));
    return { columns, rows: union(rows) };
  }

  /** The recursive part is looked at until its rows are made of nothing new. */
  #recursive(node: SyntaxNode, outer: Scope | undefined, tables: NamedTables): NamedRows {
    if (nodesOf(node.key_targets).length > 0) untraceable('a recursion by keys');
    const first = this.query(queryOf(node.left), outer, tables);
    let found: NamedRows = { columns: withNames(first.columns, textsOf(node.aliases)), rows: first.rows };
    for (let round = 0; ; round++) {
      if (round === MOST_ROUNDS) untraceable('a recursion of too many columns');
      const before = found;
      const within = new Map(tables).set(textOf(node.cte_name).toLowerCase(), () => before);
      const next = this.query(queryOf(node.right), outer, within);
      found = {
        columns: before.columns.map(({ name, lineage }, index) => ({
          name,
          lineage: union([lineage, next.columns[index]?.lineage ?? UNKNOWN]),
        })),
        rows: union([before.rows, next.rows]),
      };
      const isOver =
        isSame(found.rows, before.rows) &&
        found.columns.every(({ lineage }, index) => isSame(lineage, before.columns[index]?.lineage ?? UNKNOWN));
      if (isOver) break;
    }
    if (node.union_all === true) return found;
    const values = union(found.columns.map(({ lineage }) => lineage));
    return { ...found, rows: union([found.rows, values.as(GROUP_BY)]) };
  }
}

/** What a name in the SELECT list stands for where it is used in the same SELECT. */
function aliasesOf(list: readonly SyntaxNode[], expressions: ExpressionContext): (name: string) => Value | undefined {
  const known = new Map<string, Value | undefined>();
  return (name) => {
    if (known.has(name)) return known.get(name);
    const item = list.find(({ alias }) => textOf(alias).toLowerCase() === name);
    known.set(name, undefined);
    if (item) known.set(name, traceValue(item, { ...expressions, mayPreferAliases: false }));
    return known.get(name);
  };
}

/** The columns that one item of a SELECT list gives. */
function itemColumns(node: SyntaxNode, expressions: ExpressionContext): Column[] {
  const alias = textOf(node.alias);
  if (node.class === 'STAR' && node.columns !== true) return starColumns(node, expressions, traceValue);
  const star = columnsStar(node);
  if (star) {
    return starColumns(star, expressions, traceValue).map((each) => {
      // An alias may be a pattern that names are made by.
      const name = alias === '' ? each.name : alias.includes('\\') ? undefined : alias;
      return { name, ...traceValue(node, { ...expressions, each }) };
    });
  }
  const value = traceValue(node, expressions);
  if (calledBy(node) === 'unnest' && !isPlainUnnest(node, expressions)) untraceable('the columns of an UNNEST');
  const written = node.class === 'COLUMN_REF' ? textsOf(node.column_names).at(-1) : undefined;
  return [{ name: alias || written, ...value }];
}

/** The COLUMNS of an expression, which becomes one for each of the columns that it stands for; several have to be alike. */
function columnsStar(node: SyntaxNode): SyntaxNode | undefined {
  const [first, ...others] = starsIn(node);
  const isAlike = (other: SyntaxNode) => shownStar(other) === shownStar(first as SyntaxNode);
  if (!others.every(isAlike)) untraceable('several COLUMNS in one expression');
  return first;
}

function starsIn(value: SyntaxValue | undefined): SyntaxNode[] {
  if (Array.isArray(value)) return value.flatMap(starsIn);
  const node = nodeOf(value);
  if (!node || node.class === 'SUBQUERY' || node.type === 'OPERATOR_UNPACK') return [];
  if (node.class === 'STAR') return node.columns === true ? [node] : [];
  return Object.values(node).flatMap(starsIn);
}

function shownStar({ query_location, alias, ...rest }: SyntaxNode): string {
  return JSON.stringify(rest, (key, value) => (key === 'query_location' ? undefined : value));
}

/** Whether an expression makes several rows of one. */
function unnests(value: SyntaxValue | undefined): boolean {
  if (Array.isArray(value)) return value.some(unnests);
  const node = nodeOf(value);
  if (!node || node.class === 'SUBQUERY') return false;
  return calledBy(node) === 'unnest' || Object.values(node).some(unnests);
}

/** Of a list it gives one column; of a struct as many as that has fields. */
function isPlainUnnest(node: SyntaxNode, expressions: ExpressionContext): boolean {
  const [list, ...others] = argumentsOf(node);
  return others.length === 0 && isList(list, traceValue(list, expressions));
}

function groupedBy(
  node: SyntaxNode,
  written: readonly { item: SyntaxNode; columns: readonly Column[] }[],
  { expressions, items }: Select,
): Lineage {
  if (textOf(node.aggregate_handling) === 'FORCE_AGGREGATES') {
    const keys = written.filter(({ item }) => !aggregates(item)).flatMap(({ columns }) => columns);
    return union(keys.map(({ lineage }) => lineage));
  }
  return union(
    nodesOf(node.group_expressions).map(
      (term) => itemAt(term, items)?.lineage ?? traceValue(term, expressions).lineage,
    ),
  );
}

/** The item whose place a term gives. */
function itemAt(term: SyntaxNode, items: readonly Column[]): Column | undefined {
  const place = constantOf(term);
  return typeof place === 'number' ? items[place - 1] : undefined;
}

/** Whether an expression holds an aggregate of its own query. */
function aggregates(value: SyntaxValue | undefined): boolean {
  if (Array.isArray(value)) return value.some(aggregates);
  const node = nodeOf(value);
  if (!node || node.class === 'SUBQUERY') return false;
  return isAggregate(calledBy(node) ?? '') || Object.values(node).some(aggregates);
}

/** What DISTINCT, ORDER BY and LIMIT look at. */
function modified(node: SyntaxNode, { expressions, items }: Select): Lineage {
  const all = () => union(items.map(({ lineage }) => lineage));
  const parts = nodesOf(node.modifiers).map((modifier): Lineage => {
    switch (modifier.type) {
      case 'DISTINCT_MODIFIER': {
        const targets = nodesOf(modifier.distinct_on_targets);
        const values = targets.map((term) => orderTerm(term, items, expressions));
        return (targets.length === 0 ? all() : union(values)).as(GROUP_BY);
      }
      case 'ORDER_MODIFIER':
        return union(
          ordersOf(modifier.orders).map((term) =>
            term.class === 'STAR' ? all() : orderTerm(term, items, expressions),
          ),
        ).as(SORT);
      case 'LIMIT_MODIFIER':
      case 'LIMIT_PERCENT_MODIFIER':
        return lineageOfAll([modifier.limit ?? null, modifier.offset ?? null], expressions).as(FILTER);
      default:
        return UNKNOWN;
    }
  });
  return parts.length === 0 ? NOTHING : union(parts);
}

/** A name or a place of the SELECT list, or an expression. */
function orderTerm(term: SyntaxNode, items: readonly Column[], expressions: ExpressionContext): Lineage {
  const path = term.class === 'COLUMN_REF' ? textsOf(term.column_names) : [];
  const [name] = path.length === 1 ? path : [];
  const named = items.filter((item) => name !== undefined && item.name?.toLowerCase() === name.toLowerCase());
  const found = itemAt(term, items) ?? named[0];
  if (named.length > 1 && !named.every(({ lineage }) => isSame(lineage, (found as Column).lineage))) return UNKNOWN;
  return found?.lineage ?? traceValue(term, expressions).lineage;
}

function columnsOfSides(kind: string, sides: readonly NamedRows[]): Column[] {
  const [first, ...others] = sides as [NamedRows, ...NamedRows[]];
  if (kind === 'UNION_BY_NAME') return columnsByName(sides);
  if (others.some(({ columns }) => columns.length !== first.columns.length))
    untraceable('sides that differ in columns');
  return first.columns.map((column, index) => {
    if (kind !== 'UNION') return column;
    return { name: column.name, lineage: union(sides.map(({ columns }) => columns[index]?.lineage ?? UNKNOWN)) };
  });
}

function columnsByName(sides: readonly NamedRows[]): Column[] {
  const columns = new Map<string, Column>();
  for (const { name, lineage } of sides.flatMap((side) => side.columns)) {
    if (name === undefined) return untraceable('a union by names that are not known');
    const key = name.toLowerCase();
    const before = columns.get(key);
    columns.set(key, before ? { name: before.name, lineage: union([before.lineage, lineage]) } : { name, lineage });
  }
  return [...columns.values()];
}
