/** FROM: tables, derived tables, joins. */
import type { Expressions, TranslatedQuery } from './expressions.js';
import { unified } from './operators.js';
import { refuse } from './refusal.js';
import { columnName, type Names, type Relation, type Scope, type Typed } from './scope.js';
import { isNode, nodeOf, queryOf, type SyntaxNode, type SyntaxValue, textOf, textsOf } from './tree.js';
import type { SqlType } from './types.js';

/** A table that a text can name. */
export interface SourceTable {
  /** As it stands in Spark SQL. */
  sql: string;
  /** `sql`: the column's own name there, quoted where need be. */
  columns: { name: string | undefined; type: SqlType; sql: string }[];
}

export interface Sources {
  /** By name in lower case. */
  named(name: string): SourceTable | undefined;
  query(node: SyntaxNode): TranslatedQuery & { columns: { name: string | undefined; type: SqlType }[] };
}

const JOINS: Record<string, string> = {
  INNER: 'JOIN',
  LEFT: 'LEFT JOIN',
  RIGHT: 'RIGHT JOIN',
  FULL: 'FULL JOIN',
  SEMI: 'LEFT SEMI JOIN',
  ANTI: 'LEFT ANTI JOIN',
};

export class From {
  readonly #scope: Scope;
  readonly #expressions: Expressions;
  readonly #names: Names;
  readonly #sources: Sources;

  constructor(scope: Scope, expressions: Expressions, names: Names, sources: Sources) {
    this.#scope = scope;
    this.#expressions = expressions;
    this.#names = names;
    this.#sources = sources;
  }

  /** The clause, after which the scope knows its tables; empty where a query has none. */
  text(value: SyntaxValue | undefined): string {
    const node = nodeOf(value);
    if (!node || node.type === 'EMPTY') return '';
    return ` FROM ${this.#table(node)}`;
  }

  #table(node: SyntaxNode): string {
    if (isNode(node.sample)) refuse('a sample is not translated');
    switch (node.type) {
      case 'BASE_TABLE':
        return this.#named(node);
      case 'SUBQUERY': {
        const { sql, columns } = this.#sources.query(queryOf(node.subquery));
        return this.#derived(node, `(${sql})`, columns);
      }
      case 'EXPRESSION_LIST':
        return this.#values(node);
      case 'JOIN':
        return this.#join(node);
      default:
        return refuse(`${textOf(node.type)} in FROM is not translated`);
    }
  }

  #named(node: SyntaxNode): string {
    const name = textOf(node.table_name);
    const source = this.#sources.named(name.toLowerCase()) ?? refuse(`the table ${name} is not translated`);
    const list = source.columns.map(({ sql, type }, index) =>
      type.kind === 'other' ? `NULL AS ${columnName(index)}` : `${sql} AS ${columnName(index)}`,
    );
    return this.#derived(node, `(SELECT ${list.join(', ')} FROM ${source.sql})`, source.columns, name);
  }

  #values(node: SyntaxNode): string {
    const rows = (Array.isArray(node.values) ? node.values : []).map((row) => this.#expressions.all(row));
    const [first = []] = rows;
    const columns = first.map((_, index) => unified(rows.map((row) => row[index] as Typed)));
    const list = rows.map((_, row) => `(${columns.map((values) => values[row]?.sql).join(', ')})`);
    const named = columns.map((values, index) => ({ name: `col${index}`, type: (values[0] as Typed).type }));
    const table = `(SELECT * FROM VALUES ${list.join(', ')} AS v(${named.map((_, index) => columnName(index)).join(', ')}))`;
    return this.#derived(node, table, named);
  }

  /** Gives a table a name of its own, and the scope its columns. */
  #derived(
    node: SyntaxNode,
    sql: string,
    columns: readonly { name: string | undefined; type: SqlType }[],
    name = '',
  ): string {
    const table = this.#names.next();
    const renamed = textsOf(node.column_name_alias);
    const alias = textOf(node.alias) || name;
    this.#scope.relations.push({
      alias: alias === '' ? undefined : alias.toLowerCase(),
      columns: columns.map((column, index) => ({
        // A column without a name gets one that no text can write.
        name: (renamed[index] ?? column.name ?? `\0${index}`).toLowerCase(),
        value: { sql: `${table}.${columnName(index)}`, type: column.type },
      })),
    });
    return `${sql} AS ${table}`;
  }

  #join(node: SyntaxNode): string {
    const kind = textOf(node.ref_type);
    const type = textOf(node.join_type);
    if (kind !== 'REGULAR' && kind !== 'CROSS') refuse(`a ${kind} join is not translated`);
    const before = this.#scope.relations.length;
    const left = this.#table(nodeOf(node.left) ?? {});
    const middle = this.#scope.relations.length;
    const rightNode = nodeOf(node.right) ?? {};
    const right = rightNode.type === 'JOIN' ? `(${this.#table(rightNode)})` : this.#table(rightNode);
    if (kind === 'CROSS') return `${left} CROSS JOIN ${right}`;
    const word = JOINS[type] ?? refuse(`a ${type} join is not translated`);
    const lefts = this.#scope.relations.slice(before, middle);
    const rights = this.#scope.relations.slice(middle);
    const using = textsOf(node.using_columns);
    const on =
      using.length > 0 ? this.#using(using, type, [lefts, rights]) : this.#expressions.condition(node.condition);
    if (type === 'SEMI' || type === 'ANTI') this.#scope.relations.length = middle;
    return `${left} ${word} ${right} ON ${on}`;
  }

  #using(names: readonly string[], type: string, [lefts, rights]: [Relation[], Relation[]]): string {
    if (type === 'RIGHT' || type === 'FULL') refuse(`USING in a ${type} join is not translated`);
    const conditions = names.map((written) => {
      const name = written.toLowerCase();
      const column = (relations: readonly Relation[]) => {
        const found = relations.flatMap(({ columns }) =>
          columns.filter((each) => each.name === name && !each.isMerged),
        );
        return found.length === 1 && found[0] ? found[0] : refuse(`USING (${name}) could mean several columns`);
      };
      const [left, right] = [column(lefts), column(rights)];
      right.isMerged = true;
      this.#scope.merged.set(name, left.value);
      const [a, b] = unified([left.value, right.value]) as [Typed, Typed];
      return `${a.sql} = ${b.sql}`;
    });
    return conditions.join(' AND ');
  }
}
