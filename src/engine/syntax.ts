/** What an engine says of the syntax of a text. */
export interface SqlParser {
  /**
   * Parses one SELECT, VALUES or FROM-first query. Throws INVALID_ARGUMENT with line and column on a syntax error, and
   * PERMISSION_DENIED for a table function that could reach outside the tables (`read_parquet`, `glob`, `duckdb_settings`, `query`, …).
   */
  parseQuery(sql: string, options?: ParseOptions): Promise<ParsedQuery>;
  /** The syntax tree of a text that `parseQuery` has taken, as DuckDB's `json_serialize_sql` gives it. */
  syntaxTree(sql: string, options?: ParseOptions): Promise<SyntaxNode>;
}

export interface ParseOptions {
  /** The id of the statement that the text is of, for the log. */
  statement?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** A node of a syntax tree. Numbers of 64 bits are texts in it. */
export type SyntaxNode = { [key: string]: SyntaxValue };
export type SyntaxValue = string | number | boolean | null | SyntaxNode | SyntaxValue[];

export interface ParsedQuery {
  /** References to tables that are not common table expressions of the query, in order of position. */
  tables: TableReference[];
  /** Column references of three names or more, which may name a table by its full path: `catalog.schema.table.column`. */
  qualifiedColumns: ColumnReference[];
  /** What has to be written for the engine to compute what the text says. */
  corrections: { edits: TextEdit[]; functions: FunctionCorrection[] };
  /** Parameters as they are numbered: 1 to n. */
  parameterCount: number;
  /** The SELECTs of the query; `TableReference.scope` is an index into them. */
  scopes: QueryScope[];
  /** Each row of the result is made of one row of the only table: the results of parts of the table are the parts of the result. */
  isRowByRow: boolean;
  /** The same would be so without the LIMIT of the query, which is this many rows. */
  rowLimit?: number | undefined;
}

/** One SELECT. */
export interface QueryScope {
  /** Columns that it and the subqueries in it refer to, as written and unquoted: `[column]`, `[table, column]`, … */
  columns: string[][];
  /** `*`, `table.*` and `COLUMNS(*)` of its own. */
  stars: StarReference[];
  /** What `COLUMNS(…)` of its own choose columns by: a regular expression, or null for something else. */
  choices: (string | null)[];
  /** Joins tables by the names of all their columns. */
  joinsNaturally: boolean;
}

export interface StarReference {
  /** The table of `table.*`. */
  table?: string;
  /**
   * Where an EXCLUDE list can be written: behind the star, or inside the list that is there. Absent where a text has no star and yet
   * means one (`FROM t`); `start` is then where the FROM begins.
   */
  exclude: { kind: 'none' | 'list' | 'name' | 'implicit'; start: number; end: number };
}

export interface TableReference {
  /** The names as written, unquoted: `[table]`, `[schema, table]` or `[catalog, schema, table]`. */
  path: string[];
  alias?: string;
  /** The SELECT whose FROM clause holds it. */
  scope: number;
  /** Characters [start, end) of the whole name in the text, without its alias and AT clause. */
  start: number;
  end: number;
  /** `AT (VERSION => …)` or `AT (TIMESTAMP => …)`; `text` is the value as SQL text; [start, end) spans the clause. */
  at?: { unit: 'version' | 'timestamp'; text: string; start: number; end: number };
}

export interface FunctionDefinition {
  name: string;
  /** One for each number of parameters, or for each type of theirs; one without types is for all others. */
  overloads: {
    parameters: (string | { name: string; type: string })[];
    /** SQL over the parameters. */
    body: string;
  }[];
}

/** A function that takes the place of the engine's own of the same name, of an operator or a cast, and gives the same. */
export interface FunctionCorrection extends FunctionDefinition {
  /** What its argument, or what it computes, is not seen to be, for which much or little can no longer be left out. */
  hides: 'columns' | 'moments' | 'bytes' | 'operators';
}

/** Another text for characters [start, end). */
export interface TextEdit {
  start: number;
  end: number;
  text: string;
}

export interface ColumnReference {
  path: string[];
  start: number;
  end: number;
}
