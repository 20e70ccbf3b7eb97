/** What the columns of a table that a statement wrote are made of, in OpenLineage's words (`columnLineage` facet 1-2-0). */
import { datasetName, type TableName } from '../tables/names.js';
import type { NamedRows } from './from.js';
import {
  AGGREGATION,
  CONDITIONAL,
  FILTER,
  GROUP_BY,
  IDENTITY,
  type InputColumn,
  JOIN,
  type Lineage,
  SORT,
  TRANSFORMATION,
  WINDOW,
} from './lineage.js';

export interface ColumnLineage {
  table: TableName;
  /** Names of all columns that the table has then. */
  schema: string[];
  /** The columns that the statement gave values; `inputs` are absent where they can't be told for certain. */
  fields: { name: string; inputs: InputField[] | undefined }[];
  /** What decided which rows there are; absent where that can't be told for certain. */
  rows: InputField[] | undefined;
}

/** A table, and its columns that get values, by their places among those of a query. */
export interface WrittenTable {
  table: TableName;
  /** Names of all columns that the table has then. */
  schema: string[];
  columns: { name: string; place: number }[];
}

/** A column that takes part. */
export interface InputField {
  catalog: string;
  /** `schema.table` */
  dataset: string;
  field: string;
  transformations: Transformation[];
}

export interface Transformation {
  type: 'DIRECT' | 'INDIRECT';
  subtype: string;
  /** The values were read through a mask of the catalog's. */
  masking: boolean;
}

const WAYS: readonly (readonly [number, Transformation['type'], string])[] = [
  [IDENTITY, 'DIRECT', 'IDENTITY'],
  [TRANSFORMATION, 'DIRECT', 'TRANSFORMATION'],
  [AGGREGATION, 'DIRECT', 'AGGREGATION'],
  [JOIN, 'INDIRECT', 'JOIN'],
  [GROUP_BY, 'INDIRECT', 'GROUP_BY'],
  [FILTER, 'INDIRECT', 'FILTER'],
  [SORT, 'INDIRECT', 'SORT'],
  [WINDOW, 'INDIRECT', 'WINDOW'],
  [CONDITIONAL, 'INDIRECT', 'CONDITIONAL'],
];

/** What a query gives the columns of a table. A column that only keeps its value is no input of itself. */
export function columnLineage({ table, schema, columns }: WrittenTable, query: NamedRows): ColumnLineage {
  const dataset = datasetName(table);
  const fields = columns.map(({ name, place }) => {
    const isSelf = (input: InputColumn) =>
      input.name === name && input.table.dataset === dataset && input.table.catalog === table.catalog;
    const lineage = query.columns[place]?.lineage.withoutIdentityOf(isSelf);
    return { name, inputs: lineage && inputFields([lineage]) };
  });
  return { table, schema, fields, rows: inputFields([query.rows]) };
}

/** Of which nothing can be told. */
export function unknownLineage({ table, schema, columns }: WrittenTable): ColumnLineage {
  return { table, schema, fields: columns.map(({ name }) => ({ name, inputs: undefined })), rows: undefined };
}

function inputFields(lineages: readonly Lineage[]): InputField[] | undefined {
  if (lineages.some(({ isKnown }) => !isKnown)) return undefined;
  return joined(lineages.flatMap(({ inputs }) => [...inputs].map(([input, ways]) => inputField(input, ways))));
}

/** What a mask hands on is another value than the table's. */
function inputField({ table, name, isMasked }: InputColumn, ways: number): InputField {
  const seen = isMasked && ways & IDENTITY ? (ways & ~IDENTITY) | TRANSFORMATION : ways;
  const transformations = WAYS.filter(([way]) => seen & way).map(([, type, subtype]) => {
    return { type, subtype, masking: isMasked };
  });
  return { catalog: table.catalog, dataset: table.dataset, field: name, transformations };
}

/** One entry for each column. */
function joined(fields: readonly InputField[]): InputField[] {
  const byColumn = new Map<string, InputField>();
  for (const field of fields) {
    const key = JSON.stringify([field.catalog, field.dataset, field.field]);
    const before = byColumn.get(key)?.transformations ?? [];
    const more = field.transformations.filter(
      (one) => !before.some(({ subtype, masking }) => subtype === one.subtype && masking === one.masking),
    );
    byColumn.set(key, { ...field, transformations: [...before, ...more] });
  }
  return [...byColumn.values()];
}

/** Those of several statements, one entry for each table. */
export function together(lineages: readonly ColumnLineage[]): ColumnLineage[] {
  const byTable = new Map<string, ColumnLineage>();
  for (const lineage of lineages) {
    const key = JSON.stringify(lineage.table);
    const before = byTable.get(key);
    byTable.set(key, before ? both(before, lineage) : lineage);
  }
  return [...byTable.values()];
}

function both(one: ColumnLineage, other: ColumnLineage): ColumnLineage {
  const names = new Set([...one.fields, ...other.fields].map(({ name }) => name));
  const fields = [...names].map((name) => {
    const parts = [...one.fields, ...other.fields].filter((field) => field.name === name);
    return { name, inputs: joinedIfKnown(parts.map(({ inputs }) => inputs)) };
  });
  return { table: one.table, schema: other.schema, fields, rows: joinedIfKnown([one.rows, other.rows]) };
}

function joinedIfKnown(parts: readonly (InputField[] | undefined)[]): InputField[] | undefined {
  const known = parts.filter((part) => part !== undefined);
  return known.length === parts.length ? joined(known.flat()) : undefined;
}
