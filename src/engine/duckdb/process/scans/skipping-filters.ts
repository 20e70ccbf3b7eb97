/** Which of a plan's filters make the engine's Parquet reader leave out row groups, as EXPLAIN writes them. */
import type { Filter } from '../../../../expressions/index.js';
import type { ParquetSource } from '../../contract.js';
import { textSql } from '../native/text.js';

/** What has to be compared with constants so that row groups that are a hole are not read. */
export interface Skipping {
  comparisons: readonly Skip[];
  /** Whether positions have to be, too. */
  byPosition: boolean;
}

interface Skip {
  /** The file's own name. */
  column: string;
  filter: Filter;
}

/** Undefined for a file all of whose row groups are there; `nameOf` gives the file's own name of a filter's column. */
export function skippingOf(
  { partialFor = [], rows }: ParquetSource,
  nameOf: (column: string) => string,
): Skipping | undefined {
  if (partialFor.length === 0 && !rows) return undefined;
  const comparisons = partialFor.map((filter) => ({
    column: 'column' in filter ? nameOf(filter.column) : '',
    filter,
  }));
  return { comparisons, byPosition: rows !== undefined };
}

/**
 * Whether a scan's filters leave out all that the comparisons do. The engine need not apply a comparison as it was given: one of columns that are
 * equal to each other becomes an expression, which skips nothing, and one of two constants gives way to the stricter one.
 *
 * @param filters one for each column that is filtered by
 * @param named the name under which the scan reads a column, if it does
 */
export function skipsRowGroups(
  filters: readonly string[],
  { comparisons, byPosition }: Skipping,
  named: (column: string) => string | undefined,
): boolean {
  if (byPosition && !filters.some((text) => comparedConstants(text, 'file_row_number').length > 0)) return false;
  return comparisons.every(({ column, filter }) => {
    const name = named(column);
    return (
      name !== undefined &&
      filters.some((text) => comparedConstants(text, name).some((found) => isAsStrict(found, filter)))
    );
  });
}

interface Compared {
  sign: string;
  constant: string;
}

/** The comparisons with constants that a filter begins with, joined by AND. */
function comparedConstants(text: string, name: string): Compared[] {
  const next = new RegExp(`${name}(<=|>=|=|<|>)('(?:[^']|'')*'(?:::[A-Z ]+?)?|-?[\\d.]+)(?: AND |$)`, 'y');
  const found: Compared[] = [];
  for (let match = next.exec(text); match; match = next.exec(text)) {
    found.push({ sign: match[1] as string, constant: match[2] as string });
  }
  return found;
}

const signs: Partial<Record<Filter['op'], RegExp>> = { eq: /^=/, lt: /[<=]/, le: /[<=]/, gt: /[>=]/, ge: /[>=]/ };

/**
 * A scan compares a column in one direction once, by the strictest constant. That of a text may still skip less: where it is shorter, it is taken
 * for equal to a bound that begins with it.
 */
function isAsStrict({ sign, constant }: Compared, filter: Filter): boolean {
  if (!('value' in filter) || !signs[filter.op]?.test(sign)) return false;
  const isBelow = filter.op === 'lt' || filter.op === 'le';
  return !isBelow || filter.value.type !== 'string' || constant === textSql(filter.value.text);
}
