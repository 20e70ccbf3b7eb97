import type { ParsedQuery } from '../../engine/contract.js';
import { quoteName } from '../../sql/index.js';
import type { Edit } from '../syntax/rewrite.js';

/** `schema.table.column` becomes `table.column`, since the table now goes by its last name. */
export function columnEdits(parsed: ParsedQuery): Edit[] {
  const edits: Edit[] = [];
  for (const column of parsed.qualifiedColumns) {
    for (const table of parsed.tables) {
      if (table.alias !== undefined) continue;
      const shared = sharedQualifier(table.path, column.path);
      if (shared === 0) continue;
      const rest = column.path.slice(shared - 1);
      edits.push({ start: column.start, end: column.end, text: rest.map(quoteName).join('.') });
      break;
    }
  }
  return edits;
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
