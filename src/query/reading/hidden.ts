/**
 * Hidden columns: `_file`, `_pos` and the like are bound only where a SELECT names them, and the stars of that SELECT leave them out.
 */
import type { ParsedQuery, QueryScope, StarReference, TableReference } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import { HIDDEN_NAMES, OTHER_HIDDEN_NAMES } from '../../iceberg/index.js';
import { quoteName } from '../../sql/index.js';
import type { Edit } from '../syntax/rewrite.js';
import { refuseInsight } from '../tables/restricted.js';
import type { PinnedTable } from '../tables/tables.js';

/** A reference that was bound with hidden columns. */
export interface HiddenReference {
  scope: number;
  /** The name by which the SELECT knows the table. */
  table: string;
  columns: string[];
}

export function nameOf(reference: TableReference): string {
  return reference.alias ?? (reference.path.at(-1) as string);
}

/**
 * The hidden columns of a table that the reference's SELECT names; with `others` also by the names that DuckDB has for them. A column of the
 * table's own by that name is not hidden. Of a restricted table: PERMISSION_DENIED, since they tell of hidden rows and of partitions.
 */
export function namedHiddenColumns(
  parsed: ParsedQuery,
  reference: TableReference,
  table: PinnedTable,
  others: boolean,
): string[] {
  const scope = parsed.scopes[reference.scope];
  if (!scope) return [];
  const own = new Set(table.schema.fields.map(({ name }) => name.toLowerCase()));
  const qualifier = nameOf(reference).toLowerCase();
  const known = HIDDEN_NAMES.filter((name) => others || !OTHER_HIDDEN_NAMES.includes(name));
  const named = known.filter((name) => !own.has(name) && scope.columns.some((path) => mayMean(path, qualifier, name)));
  if (named.length > 0) refuseInsight(table, `Column ${named[0]}`);
  return named;
}

/** `_file`, `table._file`, `schema.table._file`, or a field of one of them. */
function mayMean(path: readonly string[], qualifier: string, name: string): boolean {
  const lower = path.map((part) => part.toLowerCase());
  return lower.some((part, index) => part === name && (index === 0 || lower[index - 1] === qualifier));
}

/** Whether the reference's SELECT may name the table's whole row by the name of the table, which no column of it has. */
export function namesWholeRow(parsed: ParsedQuery, reference: TableReference, { schema }: PinnedTable): boolean {
  const name = nameOf(reference).toLowerCase();
  if (schema.fields.length === 0 || schema.fields.some((field) => field.name.toLowerCase() === name)) return false;
  const columns = parsed.scopes[reference.scope]?.columns ?? [];
  return columns.some(([first, ...rest]) => rest.length === 0 && first?.toLowerCase() === name);
}

/** The table with its whole row, which has no hidden columns, as one more column by its name. */
export function withWholeRow(from: string, name: string, { schema }: PinnedTable): string {
  const fields = schema.fields.map((field) => `${quoteName(field.name)} := ${quoteName(field.name)}`);
  return `(SELECT *, struct_pack(${fields.join(', ')}) AS ${quoteName(name)} FROM ${from})`;
}

/** Whether an error says that a query finds no column of a name that DuckDB has for a hidden one. */
export function missesOtherName(error: unknown): boolean {
  if (!(error instanceof SkuaError) || error.code !== 'INVALID_ARGUMENT') return false;
  return OTHER_HIDDEN_NAMES.some((name) =>
    new RegExp(`column "?${name}"? (?:that it cannot|not found)|does not have a column named "${name}"`, 'i').test(
      error.message,
    ),
  );
}

/** Takes the hidden columns out of what `*` means. */
export function starEdits(parsed: ParsedQuery, references: readonly HiddenReference[]): Edit[] {
  return parsed.scopes.flatMap((scope, index) => {
    const inside = references.filter((reference) => reference.scope === index);
    if (inside.length === 0) return [];
    refuseNaturalJoin(scope);
    refuseChoices(scope, inside);
    return scope.stars.flatMap((star) => {
      const excluded = inside
        .filter(({ table }) => star.table === undefined || star.table.toLowerCase() === table.toLowerCase())
        .flatMap(({ table, columns }) => columns.map((column) => `${quoteName(table)}.${quoteName(column)}`));
      return excluded.length === 0 ? [] : exclude(star, excluded.join(', '));
    });
  });
}

function refuseNaturalJoin(scope: QueryScope): void {
  if (!scope.joinsNaturally) return;
  throw new SkuaError(
    'INVALID_ARGUMENT',
    "Hidden columns can't be named beside a NATURAL JOIN, which would join by them; write JOIN … USING",
  );
}

function refuseChoices({ choices }: QueryScope, references: readonly HiddenReference[]): void {
  const hidden = references.flatMap(({ columns }) => columns);
  if (!choices.some((pattern) => hidden.some((name) => mayMatch(name, pattern)))) return;
  throw new SkuaError(
    'INVALID_ARGUMENT',
    'COLUMNS (…) would choose hidden columns too where they can be named; write the names, or COLUMNS(*)',
  );
}

/** The engine's regular expressions are others than these: what can't be read here may match. */
function mayMatch(name: string, pattern: string | null): boolean {
  if (pattern === null) return true;
  try {
    return new RegExp(pattern, 'i').test(name);
  } catch {
    return true;
  }
}

function exclude({ exclude: { kind, start, end } }: StarReference, columns: string): Edit[] {
  switch (kind) {
    case 'none':
      return [{ start, end, text: ` EXCLUDE (${columns})` }];
    case 'list':
      return [{ start, end, text: `${columns}, ` }];
    case 'name':
      return [
        { start, end: start, text: `(${columns}, ` },
        { start: end, end, text: ')' },
      ];
    case 'implicit':
      if (start < 0) throw new SkuaError('INVALID_ARGUMENT', 'Write SELECT * FROM … to name hidden columns as well');
      return [{ start, end, text: `SELECT * EXCLUDE (${columns}) ` }];
  }
}
