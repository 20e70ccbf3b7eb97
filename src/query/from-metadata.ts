/** Scans that need no file: row counts, and MIN and MAX, as the table's metadata has them. */
import { Schema } from 'apache-arrow';
import { rowsToBatch } from '../arrow/index.js';
import type { ScanDemand, TableColumn, TableScan } from '../engine/contract.js';
import type { FileTask } from '../iceberg/contract.js';
import { extremesOf } from '../iceberg/index.js';
import type { NestedField } from '../iceberg/types.js';
import type { PinnedTable } from './tables.js';

/** Fields whose statistics the plan has to keep for `sourceFromMetadata`. */
export function statisticsWanted(table: PinnedTable, demand: ScanDemand): number[] {
  return demand.extremesOnly ? fieldsOf(table, demand).map(({ id }) => id) : [];
}

/** What stands for the files of a scan; undefined where they have to be read. Deleted rows are in no count and no bound. */
export function sourceFromMetadata(
  table: PinnedTable,
  tasks: readonly FileTask[],
  demand: ScanDemand,
  columns: readonly TableColumn[],
): TableScan['source'] | undefined {
  if (tasks.some(({ deletes }) => deletes.length > 0)) return undefined;
  if (demand.columns.length === 0) {
    return { kind: 'count', rowCount: tasks.reduce((sum, { file }) => sum + file.recordCount, 0) };
  }
  return demand.extremesOnly ? extremesSource(table, tasks, demand, columns) : undefined;
}

function fieldsOf(table: PinnedTable, demand: ScanDemand): NestedField[] {
  return table.schema.fields.filter(({ name }) => demand.columns.includes(name));
}

/** Two rows for each file and column, which have the file's smallest and largest value. */
function extremesSource(
  table: PinnedTable,
  tasks: readonly FileTask[],
  demand: ScanDemand,
  columns: readonly TableColumn[],
): TableScan['source'] | undefined {
  const fields = fieldsOf(table, demand);
  if (fields.length !== demand.columns.length || fields.some((field) => isPartitionedByValue(table, field))) {
    return undefined;
  }
  const rows: unknown[][] = [];
  for (const { file } of tasks) {
    for (const field of fields) {
      const values = extremesOf(file, field);
      if (!values) return undefined;
      for (const value of values) rows.push(columns.map(({ fieldId }) => (fieldId === field.id ? value : null)));
    }
  }
  const schema = new Schema(columns.map(({ field }) => field.clone({ nullable: true })));
  return { kind: 'batches', schema, batches: rows.length > 0 ? [rowsToBatch(schema, rows)] : [] };
}

/** The partition's value then stands for the column, whatever the file holds (spec, "Column Projection"). */
function isPartitionedByValue({ metadata }: PinnedTable, { id }: NestedField): boolean {
  return metadata.partitionSpecs.some(({ fields }) =>
    fields.some(({ transform, sourceIds }) => transform === 'identity' && sourceIds.includes(id)),
  );
}
