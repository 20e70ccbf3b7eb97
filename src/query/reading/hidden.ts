/**
 * Hidden columns: `_file`, `_pos` and the like are bound only where a SELECT names them, and the stars of that SELECT leave them out.
 */
import type { ParsedQuery, QueryScope, StarReference, TableReference } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import { hiddenColumnNames, OTHER_HIDDEN_NAMES } from '../../iceberg/index.js';
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
  const known = [...hiddenColumnNames(table.metadata), ...(others ? OTHER_HIDDEN_NAMES : [])];
  const named = known.filter((name) => !own.has(name) && scope.columns.some((path) => mayMean(path, qualifier, name)));
  if (named.length > 0) refuseInsight(table, `Column ${named[0]}`);
  return named;
}

/** `_file`, `table._file`, `schema.table._file`, or a field of one of them. */
function mayMean(path: readonly string[], qualifier: string, name: string): boolean {
  const lower = path.map((part) => part.toLowerCase());
  return lower.some((part, index) => part === name && (index === 0 || lower[index - 1] === qualifier));
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
