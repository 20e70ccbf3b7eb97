/** Rows that need no file: counts, extremes and partition values, as the table's metadata has them. */

import type { Literal } from '../../../expressions/index.js';
import type { FileTask } from '../../../iceberg/contract.js';
import { anyLiteral, Extremes, extremesOf, passingRow, strictPredicate, valueCountOf } from '../../../iceberg/index.js';
import type { NestedField } from '../../../iceberg/types.js';
import type { PinnedTable } from '../../contract.js';
import type { CountedColumn, CountedRows, ScanDemand } from '../contract.js';
import { identityConstants } from './partition-values.js';

/** More different rows than this are not worth writing down. */
const mostKinds = 1000;

export interface Known {
  counted: CountedRows[];
  /** Files that have to be read. */
  rest: readonly FileTask[];
}

/** Rows that a file can have: more would take it years to be written. */
const MOST_ROWS = 2 ** 40;

/** Fields whose statistics the plan has to keep for `rowsFromMetadata`. */
export function statisticsWanted(table: PinnedTable, demand: ScanDemand): number[] {
  return demand.aggregates ? fieldsOf(table, demand.columns).map(({ id }) => id) : [];
}

/** What stands for files without deletes: deleted rows are in no count and no bound. */
export function rowsFromMetadata(table: PinnedTable, tasks: readonly FileTask[], demand: ScanDemand): Known {
  const fields = fieldsOf(table, demand.columns);
  if (fields.length !== demand.columns.length) return { counted: [], rest: tasks };
  const { counted, rest } = knownOf(table, tasks.filter(isCounted), fields, demand);
  const unknown = new Set(rest);
  return { counted, rest: tasks.filter((task) => unknown.has(task) || !isCounted(task)) };
}

/** A negative count stands for one that was never taken, none for a file that nobody had to write, and one that no file reaches for no count. */
function isCounted({ file: { recordCount }, rowGroups }: FileTask): boolean {
  return !rowGroups && recordCount > 0 && recordCount <= MOST_ROWS;
}

function knownOf(
  table: PinnedTable,
  tasks: readonly FileTask[],
  fields: readonly NestedField[],
  demand: ScanDemand,
): Known {
  const constant = constantRows(table, tasks, fields);
  if (constant.counted.length > 0 || !demand.aggregates) return constant;
  const { rows, extremes, counts } = demand.aggregates;
  if (extremes.length + counts.length > 0) return aggregated(table, tasks, demand);
  return rows && demand.isExact ? passing(table, tasks, demand) : constant;
}

function fieldsOf(table: PinnedTable, names: readonly string[]): NestedField[] {
  return table.schema.fields.filter(({ name }) => names.includes(name));
}

/** Rows of files whose partition says what all of the wanted columns are. */
function constantRows(table: PinnedTable, tasks: readonly FileTask[], fields: readonly NestedField[]): Known {
  const kinds = new Map<string, CountedRows>();
  const rest: FileTask[] = [];
  for (const task of tasks) {
    const constants = fields.length > 0 ? identityConstants(table.metadata, task.file) : new Map<number, null>();
    const values = fields.map(({ id }) => [id, constants.get(id)] as const);
    const key = JSON.stringify(values);
    const known = kinds.get(key);
    if (task.deletes.length > 0 || values.some(([, value]) => value === undefined)) rest.push(task);
    else if (known) add(known, task.file.recordCount);
    else if (kinds.size >= mostKinds) rest.push(task);
    else kinds.set(key, constantRow(task.file.recordCount, values));
  }
  return { counted: [...kinds.values()], rest };
}

function constantRow(
  rowCount: number,
  values: readonly (readonly [number, Literal | null | undefined])[],
): CountedRows {
  const columns = new Map<number, CountedColumn>();
  for (const [id, value] of values) if (value) columns.set(id, { count: rowCount, min: value, max: value });
  return { rowCount, columns };
}

function add(rows: CountedRows, rowCount: number): void {
  rows.rowCount += rowCount;
  for (const column of rows.columns.values()) column.count += rowCount;
}

/** Rows with as many values, and the same extremes, as those of the files whose statistics tell. */
function aggregated(table: PinnedTable, tasks: readonly FileTask[], { aggregates }: ScanDemand): Known {
  const rest: FileTask[] = [];
  const { rows = false, extremes: wanted = [], counts: counted = [] } = aggregates ?? {};
  const extremes = fieldsOf(table, wanted).map((field) => ({ field, found: new Extremes(field.type) }));
  const counts = fieldsOf(table, counted).map((field) => ({ field, sum: 0 }));
  let rowCount = 0;
  for (const task of tasks) {
    const values = extremes.map(({ field }) => extremesOf(table.metadata, task.file, field));
    const numbers = counts.map(({ field }) => valueCountOf(table.metadata, task.file, field));
    if (task.deletes.length > 0 || [...values, ...numbers].some((known) => known === undefined)) {
      rest.push(task);
      continue;
    }
    rowCount += task.file.recordCount;
    for (const [index, { found }] of extremes.entries()) found.add(values[index] ?? []);
    for (const [index, count] of counts.entries()) count.sum += numbers[index] ?? 0;
  }
  if (rest.length === tasks.length) return { counted: [], rest };
  const columns = new Map<number, CountedColumn>();
  for (const { field, sum } of counts) {
    const literal = anyLiteral(field.type);
    if (!literal) return { counted: [], rest: tasks };
    columns.set(field.id, { count: sum, min: literal, max: literal });
  }
  for (const { field, found } of extremes) {
    const range = found.range();
    if (!range) return { counted: [], rest: tasks };
    const count = columns.get(field.id)?.count ?? 2;
    if (range !== 'none') columns.set(field.id, { count, ...range });
  }
  const isCounted = rows || counts.length > 0;
  return { counted: [{ rowCount: isCounted ? rowCount : 2, columns }], rest };
}

/** Values by which the partition or the statistics say that all rows pass the filter. */
function passing(table: PinnedTable, tasks: readonly FileTask[], { filter, columns }: ScanDemand): Known {
  const test = filter && strictPredicate(filter, table.schema);
  if (!test) return { counted: [], rest: tasks };
  const wanted = fieldsOf(table, columns);
  const rest: FileTask[] = [];
  let counted: CountedRows | undefined;
  for (const task of tasks) {
    const row = task.deletes.length === 0 ? passingRow(test, table.metadata, task.file, wanted) : undefined;
    if (!row) rest.push(task);
    else if (counted) add(counted, task.file.recordCount);
    else counted = constantRow(task.file.recordCount, row);
  }
  return { counted: counted ? [counted] : [], rest };
}
