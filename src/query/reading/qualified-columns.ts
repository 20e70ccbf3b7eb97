import type { ParsedQuery } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import { quoteName } from '../../sql/index.js';
import type { Edit } from '../syntax/rewrite.js';
import { type NameContext, resolveTable, schemaName } from '../tables/names.js';

/** `catalog.schema.table.column` becomes `table.column`, since the table now goes by its last name, whichever of its names FROM gives. */
export function columnEdits(parsed: ParsedQuery, names: NameContext): Edit[] {
  if (parsed.qualifiedColumns.length === 0) return [];
  const tables = parsed.tables.filter(({ alias }) => alias === undefined);
  const paths = [...tables.map(({ path }) => path), ...tables.flatMap(({ path }) => wholePaths(path, names))];
  const edits: Edit[] = [];
  for (const column of parsed.qualifiedColumns) {
    for (const path of paths) {
      const shared = sharedQualifier(path, column.path);
      if (shared === 0) continue;
      const rest = column.path.slice(shared - 1);
      edits.push({ start: column.start, end: column.end, text: rest.map(quoteName).join('.') });
      break;
    }
  }
  return edits;
}

/** The table's path from its catalog on, with its schema as one name and as one for each level. */
function wholePaths(path: readonly string[], names: NameContext): string[][] {
  try {
    const { catalog, namespace, name } = resolveTable(names, path);
    return [
      [catalog, schemaName(namespace), name],
      [catalog, ...namespace, name],
    ];
  } catch (error) {
    // A name that lacks a catalog or a schema may be of something else than a table of a catalog.
    if (error instanceof SkuaError && error.code === 'INVALID_ARGUMENT') return [];
    throw error;
  }
}

/** How many names at the start of the column's path are the end of the table's path, if at least two. */
function sharedQualifier(table: readonly string[], column: readonly string[]): number {
  for (let length = table.length; length >= 2; length--) {
    if (length >= column.length) continue;
    const suffix = table.slice(-length);
    if (suffix.every((name, index) => name.toLowerCase() === column[index]?.toLowerCase())) return length;
  }
  return 0;
}
