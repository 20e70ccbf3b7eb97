import { SkuaError } from '../../../../errors.js';
import { type Tokens, tokenize } from '../../../../sql/index.js';
import type { ColumnReference, ParsedQuery, QueryScope, SqlParser, TableReference } from '../../contract.js';
import type { Connection } from '../native/database.js';
import { checkComplexity } from './complexity.js';
import { checkScalarFunction, checkTableFunction } from './functions.js';
import { correctionsOf } from './misread.js';
import { rowByRow } from './row-by-row.js';
import { findStar } from './stars.js';
import {
  characterOffsets,
  isNode,
  nodesOf,
  type SyntaxNode,
  type SyntaxValue,
  syntaxTree,
  textOf,
} from './syntax-tree.js';

/** Characters of a statement that a person writes. */
const usualLength = 32_768;

const SCALAR = `
  SELECT lower(function_name) FROM duckdb_functions() GROUP BY 1
  HAVING bool_and(function_type = 'scalar' AND stability = 'CONSISTENT')`;

/** Parses with DuckDB's own grammar. Calls run one after another on the given connection. */
export class DuckDbParser implements SqlParser {
  readonly #connection: Connection;
  readonly #connect: () => Connection;
  #last: Promise<unknown> = Promise.resolve();
  #scalar: Promise<Set<string>> | undefined;

  /** `connection` is for texts of usual length, `connect` for one that would keep the others waiting. */
  constructor(connection: Connection, connect: () => Connection) {
    this.#connection = connection;
    this.#connect = connect;
  }

  async parseQuery(sql: string): Promise<ParsedQuery> {
    const tree = await this.syntaxTree(sql);
    checkComplexity(tree);
    const walk = new Walk(sql);
    walk.visit(tree, new Set());
    walk.tables.sort((a, b) => a.start - b.start);
    walk.columns.sort((a, b) => a.start - b.start);
    return {
      tables: walk.tables,
      qualifiedColumns: walk.columns,
      corrections: walk.findCorrections(tree),
      parameterCount: walk.parameters.size,
      scopes: walk.findScopes(),
      ...(walk.tables.length === 1 ? await this.#rowByRow(tree) : { isRowByRow: false }),
    };
  }

  async #rowByRow(tree: SyntaxNode): Promise<Pick<ParsedQuery, 'isRowByRow' | 'rowLimit'>> {
    const { functions, limit } = rowByRow(tree) ?? {};
    const isSo = functions !== undefined && (functions.size === 0 || (await this.#areScalar(functions)));
    return { isRowByRow: isSo && limit === undefined, ...(isSo && limit !== undefined && { rowLimit: limit }) };
  }

  async #areScalar(functions: ReadonlySet<string>): Promise<boolean> {
    const scalar = await this.#scalarFunctions();
    return [...functions].every((name) => scalar.has(name));
  }

  /** Names of functions that give the same for the same arguments, at any time; asked for once. */
  #scalarFunctions(): Promise<Set<string>> {
    this.#scalar ??= this.#inTurn(
      async () => new Set((await this.#connection.rows(SCALAR)).map(([name]) => String(name))),
    );
    return this.#scalar;
  }

  /** The syntax tree of one query, unchecked. */
  syntaxTree(sql: string): Promise<SyntaxNode> {
    if (sql.length > usualLength) return this.#longTree(sql);
    return this.#inTurn(() => syntaxTree(this.#connection, sql));
  }

  /** The connection takes one thing after another. */
  #inTurn<T>(ask: () => Promise<T>): Promise<T> {
    const answer = this.#last.then(ask);
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async #longTree(sql: string): Promise<SyntaxNode> {
    const connection = this.#connect();
    try {
      return await syntaxTree(connection, sql);
    } finally {
      await connection.close();
    }
  }
}

class Walk {
  readonly #sql: string;
  readonly tables: TableReference[] = [];
  readonly columns: ColumnReference[] = [];
  readonly parameters = new Set<string>();
  readonly #tokens: Tokens;
  readonly #characterOffset: (byteOffset: number) => number;
  readonly #scopes: (Omit<QueryScope, 'stars'> & { stars: SyntaxNode[] })[] = [];
  /** The SELECTs around the node that is visited, outermost first. */
  #around: number[] = [];

  constructor(sql: string) {
    this.#sql = sql;
    this.#tokens = tokenize(sql);
    this.#characterOffset = characterOffsets(sql);
  }

  /** `known` are the names of the common table expressions in scope, in lower case. */
  visit(value: SyntaxValue | undefined, known: Set<string>): void {
    if (Array.isArray(value)) {
      for (const item of value) this.visit(item, known);
      return;
    }
    if (!isNode(value)) return;
    const around = this.#around;
    const expressions = expressionsOf(value);
    const inside = expressions.length > 0 || value.type === 'RECURSIVE_CTE_NODE' ? new Set(known) : known;
    // A common table expression sees nothing of the SELECT that it belongs to.
    this.#around = [];
    for (const { name, query } of expressions) {
      this.visit(query, inside);
      inside.add(name);
    }
    this.#around = value.type === 'SELECT_NODE' ? [...around, this.#scopes.length] : around;
    if (value.type === 'SELECT_NODE') this.#scopes.push({ columns: [], stars: [], choices: [], joinsNaturally: false });
    this.#inspect(value, known);
    if (value.type === 'ORDER_MODIFIER') {
      // The star of ORDER BY ALL means the columns of the result, and is not in the text.
      const orders = nodesOf(value.orders).filter(
        ({ expression }) => !isNode(expression) || expression.class !== 'STAR',
      );
      this.visit(orders, inside);
      return;
    }
    if (value.type === 'RECURSIVE_CTE_NODE') inside.add(textOf(value.cte_name).toLowerCase());
    if (value.class === 'STAR' && isNode(value.expr)) this.#choice(value.expr, inside);
    else {
      for (const [key, child] of Object.entries(value)) {
        if (key !== 'cte_map' && key !== 'at_clause') this.visit(child, inside);
      }
    }
    this.#around = around;
  }

  findCorrections(tree: SyntaxNode): ParsedQuery['corrections'] {
    return correctionsOf(tree, this.#tokens, this.#characterOffset);
  }

  findScopes(): QueryScope[] {
    const firsts = new Map<number, number>();
    for (const { scope, start } of this.tables) if (!firsts.has(scope)) firsts.set(scope, start);
    return this.#scopes.map(({ columns, stars, choices, joinsNaturally }, index) => {
      const first = firsts.get(index) ?? 0;
      return {
        columns,
        choices,
        joinsNaturally,
        stars: stars.map((star) => findStar(star, this.#tokens, first, this.#characterOffset)),
      };
    });
  }

  #inspect(node: SyntaxNode, known: ReadonlySet<string>): void {
    if (node.type === 'BASE_TABLE') this.#table(node, known);
    else if (node.type === 'TABLE_FUNCTION' && isNode(node.function))
      checkTableFunction(textOf(node.function.function_name));
    else if (node.type === 'SHOW_REF' && textOf(node.table_name) !== '') {
      throw new SkuaError(
        'PERMISSION_DENIED',
        `SHOW ${textOf(node.table_name).replaceAll('"', '').toUpperCase()} is not a query`,
      );
    } else if (node.class === 'COLUMN_REF') this.#column(node);
    else if (node.class === 'STAR' && !isNode(node.expr)) this.#scopes[this.#around.at(-1) ?? -1]?.stars.push(node);
    else if (node.ref_type === 'NATURAL') {
      const scope = this.#scopes[this.#around.at(-1) ?? -1];
      if (scope) scope.joinsNaturally = true;
    } else if (node.class === 'PARAMETER') this.parameters.add(textOf(node.identifier));
    else if (typeof node.function_name === 'string') checkScalarFunction(node.function_name);
  }

  /** What stands in COLUMNS(…): a pattern, a list of names, or a lambda, which chooses from a star that is not in the text. */
  #choice(expression: SyntaxNode, known: Set<string>): void {
    const pattern = isNode(expression.value) ? expression.value.value : undefined;
    if (expression.function_name !== 'list_value') {
      this.#scopes[this.#around.at(-1) ?? -1]?.choices.push(typeof pattern === 'string' ? pattern : null);
    }
    const parts = expression.class === 'FUNCTION' ? nodesOf(expression.children) : [];
    for (const part of parts) if (part.class !== 'STAR') this.visit(part, known);
  }

  #table(node: SyntaxNode, known: ReadonlySet<string>): void {
    const path = [node.catalog_name, node.schema_name, node.table_name].map(textOf).filter((name) => name !== '');
    if (path.length === 1 && known.has((path[0] as string).toLowerCase())) return;
    const name = this.#findName(Number(node.query_location), path);
    const alias = textOf(node.alias);
    this.tables.push({
      path,
      ...(alias === '' ? {} : { alias }),
      scope: this.#around.at(-1) ?? -1,
      start: name.start,
      end: name.end,
      ...(isNode(node.at_clause) ? { at: this.#findAt(node.at_clause, name.next) } : {}),
    });
  }

  #column(node: SyntaxNode): void {
    const path = Array.isArray(node.column_names) ? node.column_names.map(textOf) : [];
    for (const scope of this.#around) this.#scopes[scope]?.columns.push(path);
    // Names that the parser made up have no place in the text.
    if (path.length < 3 || Number(node.query_location) > this.#sql.length * 4) return;
    const { start, end } = this.#findName(Number(node.query_location), path);
    this.columns.push({ path, start, end });
  }

  /** The tokens `a.b.c` of a name that starts at or shortly after a byte offset (`alias: name` starts with the alias). */
  #findName(byteOffset: number, path: string[]): { start: number; end: number; next: number } {
    let index = this.#tokens.from(this.#characterOffset(byteOffset));
    for (; index >= 0 && index < this.#tokens.length; index++) {
      const last = this.#matchName(index, path);
      if (last === undefined) continue;
      return { start: this.#tokens.start(index), end: this.#tokens.end(last), next: last + 1 };
    }
    throw new SkuaError('INTERNAL', `the name ${path.join('.')} was not found in the statement`);
  }

  #matchName(index: number, path: string[]): number | undefined {
    let at = index;
    for (const [position, name] of path.entries()) {
      if (position > 0 && !this.#tokens.isSymbol(at++, '.')) return undefined;
      // A table may be named as text: FROM 'name'.
      const isNamed = this.#tokens.isName(at) || (at < this.#tokens.length && this.#tokens.kind(at) === 'string');
      if (!isNamed || this.#tokens.at(at++)?.text.toLowerCase() !== name.toLowerCase()) return undefined;
    }
    return at - 1;
  }

  #findAt(clause: SyntaxNode, from: number): NonNullable<TableReference['at']> {
    const tokens = this.#tokens;
    let open = from;
    while (open < tokens.length && !(tokens.isSymbol(open + 1, '(') && tokens.at(open)?.keyword === 'AT')) open++;
    let close = open + 1;
    for (let depth = tokens.nesting(close); depth > 0 && close < tokens.length; ) depth += tokens.nesting(++close);
    const [start, end] = [tokens.at(open), tokens.at(close)];
    // AT ( unit => value )
    const value = tokens.at(open + 4);
    if (!start || !end || !value) throw new SkuaError('INTERNAL', 'the AT clause was not found in the statement');
    return {
      unit: textOf(clause.unit).toLowerCase() === 'version' ? 'version' : 'timestamp',
      text: this.#sql.slice(value.start, end.start).trim(),
      start: start.start,
      end: end.end,
    };
  }
}

function expressionsOf(node: SyntaxNode): { name: string; query: SyntaxValue | undefined }[] {
  if (!isNode(node.cte_map)) return [];
  return nodesOf(node.cte_map.map).map(({ key, value }) => ({ name: textOf(key).toLowerCase(), query: value }));
}
