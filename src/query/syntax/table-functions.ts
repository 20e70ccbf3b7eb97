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
  iceberg_table_properties: '$properties',
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
  const kind = FUNCTIONS[name.text.toLowerCase()];
  if (kind === undefined || name.kind !== 'word' || open?.text !== '(') return undefined;
  const last = closing(tokens, index + 1);
  if (last === undefined) return undefined;
  const cursor = new Cursor(tokens.text.slice(open.end, tokens.start(last)));
  const path = cursor.peek()?.kind === 'string' ? namesIn(cursor.next().text) : cursor.path('a table');
  const clauses: string[] = [];
  while (cursor.acceptSymbol(',')) clauses.push(optionOf(cursor, name.text, normalize));
  cursor.expectEnd();
  const table = [...path.slice(0, -1), `${path.at(-1)}${kind}`].map(quoteName).join('.');
  const text = [table, ...clauses].join(' ');
  return { edit: { start: name.start, end: tokens.end(last), text }, last };
}

/** A location is none of them. */
function namesIn(text: string): string[] {
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
