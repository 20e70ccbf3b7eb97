/** Rows that somebody sees beside those that the specification leaves. */
import { SALTED } from './masks.mjs';
import { rowOf, rowTexts } from './values.mjs';

export const holdsSalted = (value) => value === SALTED || (Array.isArray(value) && value.some(holdsSalted));

/**
 * What is wrong, where something is. `wanted` are the rows, or `refused`, or undefined where a mask has no result for one of them. Of columns with a salted
 * hash nothing is known but how many rows they have.
 */
export function rowsProblem(fields, { error, rows }, wanted) {
  if (error?.code === 'UNIMPLEMENTED') return undefined;
  if (wanted === 'refused') return error?.code === 'PERMISSION_DENIED' ? undefined : `not refused (${error?.message})`;
  if (wanted === undefined) return error && error.code !== 'INTERNAL' ? undefined : 'a mask without a result gave one';
  if (error) return `${error.code}: ${error.message}`;
  if (rows.length !== wanted.length) return `${rows.length} rows instead of ${wanted.length}`;
  const known = fields.flatMap((_, index) => (wanted.some((row) => holdsSalted(row[index])) ? [] : [index]));
  const texts = (table) =>
    rowTexts(
      known.map((index) => fields[index]),
      table.map((row) => known.map((index) => row[index])),
    );
  const [left, right] = [texts(rows.map((row) => rowOf(fields, row))), texts(wanted)];
  const at = left.findIndex((text, index) => text !== right[index]);
  return at < 0 ? undefined : `row ${at}: ${left[at].slice(0, 400)} instead of ${right[at].slice(0, 400)}`;
}
