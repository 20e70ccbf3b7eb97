/** DuckDB's SQL as Spark SQL, where both mean the same. */
import type { Schema } from 'apache-arrow';
import type { SourceTable } from './from.js';
import { Queries } from './queries.js';
import { refuse } from './refusal.js';
import type { Typed } from './scope.js';
import { queryOf, type SyntaxNode } from './tree.js';
import { announcedType, showType, sparkType } from './types.js';

export type { SourceTable } from './from.js';
export { parameterValues } from './parameters.js';
export { NotTranslated, refuse } from './refusal.js';
export { quoted, type Typed } from './scope.js';
export { columnType } from './types.js';

export interface Translation {
  /** The syntax tree of the query. */
  tree: SyntaxNode;
  /** Tables by binding name in lower case. */
  tables: ReadonlyMap<string, SourceTable>;
  /** Values of the parameters, by the identifier in the text. */
  parameters: ReadonlyMap<string, Typed>;
  /** Functions that mean something else than the engine's own, in lower case. */
  replaced: ReadonlySet<string>;
  /** What the columns have been announced as. */
  announced: Schema;
}

/**
 * A query in Spark SQL whose columns are of just the announced types. It is right where a session has ANSI mode, UTC as its time zone, and
 * decimals that lose no digits. What is not equal in meaning there, or not known to be: `NotTranslated`, which says what it is.
 */
export function translate({ tree, tables, parameters, replaced, announced }: Translation): string {
  const queries = new Queries({ tables, parameters, replaced });
  const { sql, columns } = queries.query(queryOf(tree), undefined, new Map());
  const { fields } = announced;
  if (columns.length !== fields.length) refuse(`${columns.length} columns were found where there are ${fields.length}`);
  for (const [index, { type }] of columns.entries()) {
    const known = announcedType((fields[index] as Schema['fields'][number]).type);
    if (known.kind === 'other' || type.kind === 'null' || sparkType(known) !== sparkType(type)) {
      refuse(`column ${index + 1} is ${showType(known)}, which it is not known to be there (${showType(type)})`);
    }
  }
  return sql;
}
