/** `iceberg_snapshots(t)` and the like, the table functions by which DuckDB reads Iceberg tables, as the tables that they stand for. */
import { SkuaError } from '../../errors.js';
import { quoteName, type Token, type Tokens } from '../../sql/index.js';
import { Cursor } from './cursor.js';
import type { Edit } from './rewrite.js';

/** What follows the table's name after `$`; empty for the table itself. */
const FUNCTIONS: Record<string, string> = {
  iceberg_scan: '',
  iceberg_snapshots: '$iceberg_snapshots',
  iceberg_metadata: '$iceberg_metadata',
  iceberg_column_stats: '$iceberg_column_stats',
  iceberg_partition_stats: '$iceberg_partition_stats',
  iceberg_load_table_response: '$iceberg_load_table_response',
  iceberg_table_properties: '$properties',
};

/** The last part of a name that means a schema's properties. */
export const SCHEMA_PROPERTIES = '$iceberg_schema_properties';

/** Queries that a function stands for, where it is not the table as it is. */
const QUERIES: Record<string, (table: string) => string> = {
  iceberg_load_table_response: (table) =>
    `(SELECT metadata_location, CAST(CAST(metadata AS JSON) AS VARIANT) AS metadata FROM ${table})`,
};

/** The clause that an option stands for. */
const OPTIONS: Record<string, string> = {
  snapshot_from_id: 'VERSION',
  snapshot_from_timestamp: 'TIMESTAMP',
};

/**
 * The edit for the call of such a function that begins at a token, and the index of its last token; undefined for anything else. The table is
 * a name, or a text that holds one. An option that has no meaning for tables of a catalog: UNIMPLEMENTED.
 */
export function tableFunction(
  tokens: Tokens,
  index: number,
  normalize: (text: string) => string,
): { edit: Edit; last: number } | undefined {
  const [name, open] = [tokens.at(index) as Token, tokens.at(index + 1)];
  const called = name.text.toLowerCase();
  const ofSchema = called === 'iceberg_schema_properties';
  const kind = ofSchema || Object.hasOwn(FUNCTIONS, called) ? FUNCTIONS[called] : undefined;
  if ((kind === undefined && !ofSchema) || name.kind !== 'word' || open?.text !== '(') return undefined;
  const last = closing(tokens, index + 1);
  if (last === undefined) return undefined;
  const cursor = new Cursor(tokens.text.slice(open.end, tokens.start(last)));
  const path =
    cursor.peek()?.kind === 'string' ? pathInText(cursor.next().text) : cursor.path(ofSchema ? 'a schema' : 'a table');
  const clauses: string[] = [];
  while (cursor.acceptSymbol(',')) clauses.push(optionOf(cursor, name.text, normalize));
  cursor.expectEnd();
  const names = ofSchema ? [...path, SCHEMA_PROPERTIES] : [...path.slice(0, -1), `${path.at(-1)}${kind}`];
  const table = [names.map(quoteName).join('.'), ...clauses].join(' ');
  const text = QUERIES[called]?.(table) ?? table;
  return { edit: { start: name.start, end: tokens.end(last), text }, last };
}

/** The name that a text holds. A location: PERMISSION_DENIED. */
export function pathInText(text: string): string[] {
  if (/[/\\]/.test(text)) {
    throw new SkuaError(
      'PERMISSION_DENIED',
      `"${text}" is no name of a table, and queries read tables of the catalog only`,
    );
  }
  const cursor = new Cursor(text);
  const path = cursor.path('the name of a table');
  cursor.expectEnd();
  return path;
}

function optionOf(cursor: Cursor, name: string, normalize: (text: string) => string): string {
  const option = cursor.name('an option');
  if (!cursor.acceptSymbol('=>')) cursor.expectSymbol('=');
  const value = cursor.until((token) => token.text === ',');
  const unit = OPTIONS[option.toLowerCase()];
  if (unit === undefined) {
    throw new SkuaError(
      'UNIMPLEMENTED',
      `${name} takes snapshot_from_id and snapshot_from_timestamp, but not ${option}`,
    );
  }
  return `AT (${unit} => ${normalize(value)})`;
}

function closing(tokens: Tokens, open: number): number | undefined {
  let depth = 0;
  for (let index = open; index < tokens.length; index++) {
    const token = tokens.at(index) as Token;
    if (token.kind !== 'symbol') continue;
    if (token.text === '(') depth++;
    if (token.text === ')' && --depth === 0) return index;
  }
  return undefined;
}
