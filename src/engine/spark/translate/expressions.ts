/** Expressions, node by node of the syntax tree. */

import { TEXT_OF } from '../../text-of.js';
import { aggregate, isAggregate } from './aggregates.js';
import { cast } from './casts.js';
import { intervalOf, shifted } from './dates.js';
import { call, coalesce, condition } from './functions.js';
import { constant } from './literals.js';
import { comparison, unified } from './operators.js';
import { refuse } from './refusal.js';
import { columnName, type Names, type Scope, type Typed } from './scope.js';
import { nodeOf, nodesOf, queryOf, type SyntaxNode, type SyntaxValue, textOf, textsOf } from './tree.js';
import { BIGINT, BOOLEAN, commonType, showType, sparkType, treeType, VARCHAR } from './types.js';
import { overWindow } from './windows.js';

/** A query in Spark SQL, its columns named `c0`, `c1`, … */
export interface TranslatedQuery {
  sql: string;
  columns: Pick<Typed, 'type'>[];
}

/** What expressions need of the statement around them. */
export interface Statement {
  names: Names;
  /** Values of its parameters, by the identifier in the text. */
  parameters: ReadonlyMap<string, Typed>;
  /** Functions that mean something else than the engine's own. */
  replaced: ReadonlySet<string>;
  /** Translates a query that stands in an expression. */
  subquery(node: SyntaxNode, outer: Scope): TranslatedQuery;
}

export class Expressions {
  readonly #scope: Scope;
  readonly #statement: Statement;

  constructor(scope: Scope, statement: Statement) {
    this.#scope = scope;
    this.#statement = statement;
  }

  one(value: SyntaxValue | undefined): Typed {
    const node = nodeOf(value) ?? refuse('an expression that is missing');
    switch (node.class) {
      case 'CONSTANT':
        return constant(node);
      case 'PARAMETER':
        return this.#statement.parameters.get(textOf(node.identifier)) ?? refuse('a parameter without a value');
      case 'COLUMN_REF':
        return this.#column(node);
      case 'CAST':
        return this.#cast(node);
      case 'COMPARISON':
        return comparison(textOf(node.type), this.one(node.left), this.one(node.right));
      case 'CONJUNCTION':
        return this.#conjunction(node);
      case 'BETWEEN': {
        const [input, lower, upper] = unified([this.one(node.input), this.one(node.lower), this.one(node.upper)]);
        return { sql: `(${input?.sql} BETWEEN ${lower?.sql} AND ${upper?.sql})`, type: BOOLEAN };
      }
      case 'CASE':
        return this.#case(node);
      case 'OPERATOR':
        return this.#operator(node);
      case 'FUNCTION':
        return this.#function(node);
      case 'SUBQUERY':
        return this.#subquery(node);
      case 'WINDOW':
        return this.#window(node);
      default:
        return refuse(`an expression of the kind ${textOf(node.class)} is not translated`);
    }
  }

  all(values: SyntaxValue | undefined): Typed[] {
    return nodesOf(values).map((node) => this.one(node));
  }

  condition(value: SyntaxValue | undefined): string {
    return condition(this.one(value));
  }

  /** Terms of an ORDER BY. Nulls come last unless the text says otherwise, whichever the direction. */
  order(term: SyntaxNode, value: string): string {
    const direction = term.type === 'DESCENDING' ? 'DESC' : 'ASC';
    return `${value} ${direction} ${textOf(term.null_order) === 'NULLS FIRST' ? 'NULLS FIRST' : 'NULLS LAST'}`;
  }

  #column(node: SyntaxNode): Typed {
    const value = this.#scope.column(textsOf(node.column_names));
    if (value.type.kind === 'other') refuse(`a column of the type ${showType(value.type)} is not translated`);
    return value;
  }

  #cast(node: SyntaxNode): Typed {
    if (node.try_cast === true) refuse('TRY_CAST is not translated');
    const value = this.one(node.child);
    const type = treeType(node.cast_type);
    if (type.kind === 'boolean' && (value.text === 't' || value.text === 'f')) {
      return { sql: value.text === 't' ? 'true' : 'false', type };
    }
    const { sql } = cast(value, type);
    return { sql, type };
  }

  #conjunction(node: SyntaxNode): Typed {
    const operator = node.type === 'CONJUNCTION_OR' ? ' OR ' : ' AND ';
    return { sql: `(${this.all(node.children).map(condition).join(operator)})`, type: BOOLEAN };
  }

  #case(node: SyntaxNode): Typed {
    const checks = nodesOf(node.case_checks);
    const values = [...checks.map((check) => this.one(check.then_expr)), this.one(node.else_expr)];
    const same = unified(values);
    const when = checks.map((check, index) => `WHEN ${this.condition(check.when_expr)} THEN ${same[index]?.sql}`);
    const last = same.at(-1) as Typed;
    if (last.type.kind === 'null') refuse('CASE without a value is not translated');
    return { sql: `CASE ${when.join(' ')} ELSE ${last.sql} END`, type: last.type };
  }

  #operator(node: SyntaxNode): Typed {
    if (node.type === 'GROUPING_FUNCTION') return this.#grouping(nodesOf(node.children));
    const values = this.all(node.children);
    const [first, ...others] = values as [Typed, ...Typed[]];
    switch (node.type) {
      case 'OPERATOR_NOT':
        return { sql: `(NOT ${condition(first)})`, type: BOOLEAN };
      case 'OPERATOR_IS_NULL':
        return { sql: `(${first.sql} IS NULL)`, type: BOOLEAN };
      case 'OPERATOR_IS_NOT_NULL':
        return { sql: `(${first.sql} IS NOT NULL)`, type: BOOLEAN };
      case 'OPERATOR_COALESCE':
        return coalesce(values);
      case 'OPERATOR_NULLIF':
        return call('nullif', values);
      case 'COMPARE_IN':
      case 'COMPARE_NOT_IN': {
        const [value, ...list] = unified([first, ...others]).map(({ sql }) => sql);
        const operator = node.type === 'COMPARE_IN' ? 'IN' : 'NOT IN';
        return { sql: `(${value} ${operator} (${list.join(', ')}))`, type: BOOLEAN };
      }
      default:
        return refuse(`the operator ${textOf(node.type)} is not translated`);
    }
  }

  #function(node: SyntaxNode): Typed {
    const name = textOf(node.function_name).toLowerCase();
    if (this.#statement.replaced.has(name)) refuse(`the function ${name} is Skua's own`);
    const children = nodesOf(node.children);
    if (name === TEXT_OF) return { sql: cast(this.one(children[0]), VARCHAR).sql, type: VARCHAR };
    const orders = nodeOf(node.order_bys);
    if (orders && nodesOf(orders.orders).length > 0) refuse(`ORDER BY in the function ${name} is not translated`);
    if (isAggregate(name)) return this.#aggregate(node, name, children);
    if (nodeOf(node.filter) || node.distinct === true) refuse(`the function ${name} is not translated`);
    const dated = this.#dated(name, children);
    return (
      dated ??
      call(
        name,
        children.map((child) => this.one(child)),
      )
    );
  }

  /** A date and an interval. */
  #dated(name: string, children: readonly SyntaxNode[]): Typed | undefined {
    const [left, right] = children;
    if ((name !== '+' && name !== '-') || !left || !right) return undefined;
    const [before, behind] = [intervalOf(left), intervalOf(right)];
    if (behind && !before) return shifted(this.one(left), behind, name);
    if (before && !behind && name === '+') return shifted(this.one(right), before, name);
    return undefined;
  }

  #aggregate(node: SyntaxNode, name: string, children: readonly SyntaxNode[]): Typed {
    if (children.length > 1 || (children.length === 0 && name !== 'count_star' && name !== 'count')) {
      refuse(`${name} of several values is not translated`);
    }
    const distinct = node.distinct === true ? 'DISTINCT ' : '';
    const filter = nodeOf(node.filter) ? ` FILTER (WHERE ${this.condition(node.filter)})` : '';
    const value = children[0] && this.one(children[0]);
    return aggregate(name, value, (written, argument) => `${written}(${distinct}${argument})${filter}`);
  }

  /** One bit for each of them, the last one the lowest. */
  #grouping(children: readonly SyntaxNode[]): Typed {
    const bits = children.map((child) => `CAST(grouping(${this.one(child).sql}) AS BIGINT)`);
    const [first, ...more] = bits;
    if (first === undefined) refuse('GROUPING without a column is not translated');
    return { sql: more.reduce((high, bit) => `(${high} * 2L + ${bit})`, first), type: BIGINT };
  }

  #subquery(node: SyntaxNode): Typed {
    const query = this.#statement.subquery(queryOf(node.subquery), this.#scope);
    const [column] = query.columns;
    switch (node.subquery_type) {
      case 'EXISTS':
        return { sql: `EXISTS (${query.sql})`, type: BOOLEAN };
      case 'NOT_EXISTS':
        return { sql: `(NOT EXISTS (${query.sql}))`, type: BOOLEAN };
      case 'SCALAR':
        if (query.columns.length !== 1 || !column) break;
        sparkType(column.type);
        return { sql: `(${query.sql})`, type: column.type };
      case 'ANY':
        if (query.columns.length !== 1 || !column || node.comparison_type !== 'COMPARE_EQUAL') break;
        return this.#isIn(this.one(node.child), query, column);
    }
    return refuse(`a subquery of the kind ${textOf(node.subquery_type)} is not translated`);
  }

  #isIn(value: Typed, query: TranslatedQuery, { type: given }: Pick<Typed, 'type'>): Typed {
    const type = commonType(value.type, given);
    const table = this.#statement.names.next();
    const column = `${table}.${columnName(0)}`;
    const isSame = showType(type) === showType(given);
    const cells = isSame
      ? query.sql
      : `SELECT ${cast({ sql: column, type: given }, type).sql} AS c0 FROM (${query.sql}) AS ${table}`;
    return { sql: `(${cast(value, type).sql} IN (${cells}))`, type: BOOLEAN };
  }

  #window(node: SyntaxNode): Typed {
    const name = textOf(node.function_name).toLowerCase();
    if (this.#statement.replaced.has(name)) refuse(`the function ${name} is Skua's own`);
    const partitions = this.all(node.partitions).map(({ sql }) => sql);
    const orders = nodesOf(node.orders).map((term) => this.order(term, this.one(term.expression).sql));
    const filter = nodeOf(node.filter_expr) ? ` FILTER (WHERE ${this.condition(node.filter_expr)})` : '';
    return overWindow(node, name, { values: this.all(node.children), partitions, orders, filter });
  }
}
