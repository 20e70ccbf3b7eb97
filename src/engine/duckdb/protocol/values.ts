/** Values of the engine's contract as structured clones: schemas travel as Arrow IPC messages, functions and iterables don't travel. */
import { Schema } from 'apache-arrow';
import { decodeSchema, encodeSchema } from '../../../arrow/index.js';
import type { ComparedColumn, TableColumn } from '../../../expressions/index.js';
import type {
  BatchSource,
  BoundParameters,
  DescribeOptions,
  ParameterRow,
  TableBinding,
  TableScan,
  WriteOptions,
} from '../contract.js';
import type { BatchReader, BatchWriter, WireBatch } from './batches.js';

/** An encapsulated Arrow schema message. */
export type WireSchema = Uint8Array;

export interface WireColumns {
  fields: WireSchema;
  columns: Omit<TableColumn, 'field'>[];
}

export interface WireTable extends Omit<TableBinding, 'columns'> {
  columns: WireColumns;
}

type PlainSource = Exclude<TableScan['source'], BatchSource>;

export interface WireScan extends WireTable {
  comparedColumns?: { rest: Omit<ComparedColumn, 'column'>[]; columns: WireColumns } | undefined;
  /** Rows are asked for by the number of their source. */
  source: PlainSource | { kind: 'rows'; schema: WireSchema; source: number };
}

export interface WireParameters {
  schema: WireSchema;
  batch: WireBatch;
  index: number;
  types?: ParameterRow['types'];
}

export interface WireDescribeOptions {
  bound?: { schema: WireSchema; batches: WireBatch[]; exact?: BoundParameters['exact'] } | undefined;
  into?: WireColumns | undefined;
}

export interface WireWriteOptions extends Omit<WriteOptions, 'signal' | 'parameters' | 'columns' | 'fetch'> {
  columns: WireColumns;
  parameters?: WireParameters | undefined;
}

export function wireSchema(schema: Schema): WireSchema {
  return encodeSchema(schema);
}

export function schemaFrom(bytes: WireSchema): Schema {
  return decodeSchema(bytes);
}

function wireColumns(columns: readonly TableColumn[]): WireColumns {
  const known = encoded.get(columns);
  if (known) return known;
  const wire = {
    fields: wireSchema(new Schema(columns.map(({ field }) => field))),
    columns: columns.map(({ field: _, ...rest }) => rest),
  };
  encoded.set(columns, wire);
  return wire;
}

/** The columns of a table are the same ones in all that a statement asks. */
const encoded = new WeakMap<readonly TableColumn[], WireColumns>();

function columnsFrom({ fields, columns }: WireColumns): TableColumn[] {
  const schema = schemaFrom(fields);
  return schema.fields.map((field, index) => ({ ...(columns[index] as Omit<TableColumn, 'field'>), field }));
}

export function wireTable({ name, columns, rowColumns, mayLeaveOut, functions }: TableBinding): WireTable {
  return {
    name,
    columns: wireColumns(columns),
    ...(rowColumns && { rowColumns }),
    ...(mayLeaveOut !== undefined && { mayLeaveOut }),
    ...(functions && { functions }),
  };
}

export function tableFrom({ columns, ...rest }: WireTable): TableBinding {
  return { ...rest, columns: columnsFrom(columns) };
}

/** `offer` gives a source of rows its number. */
export function wireScan(scan: TableScan, offer: (source: BatchSource) => number): WireScan {
  const { source, comparedColumns, barrier, isApart, hidesDates } = scan;
  return {
    ...wireTable(scan),
    ...(barrier && { barrier }),
    ...(isApart && { isApart }),
    ...(hidesDates && { hidesDates }),
    comparedColumns: comparedColumns && {
      rest: comparedColumns.map(({ column: _, ...rest }) => rest),
      columns: wireColumns(comparedColumns.map(({ column }) => column)),
    },
    source:
      source?.kind === 'batches' ? { kind: 'rows', schema: wireSchema(source.schema), source: offer(source) } : source,
  };
}

/** `rowsOf` gives the rows of a source. */
export function scanFrom(
  { columns, comparedColumns, source, ...rest }: WireScan,
  rowsOf: (source: number) => BatchSource['batches'],
): TableScan {
  const compared = comparedColumns && columnsFrom(comparedColumns.columns);
  return {
    ...rest,
    columns: columnsFrom(columns),
    ...(compared && {
      comparedColumns: comparedColumns.rest.map((each, index) => ({ ...each, column: compared[index] as TableColumn })),
    }),
    source:
      source?.kind === 'rows'
        ? { kind: 'batches', schema: schemaFrom(source.schema), batches: rowsOf(source.source) }
        : source,
  };
}

export function wireParameters(row: ParameterRow | undefined, writer: BatchWriter): WireParameters | undefined {
  return row && { schema: wireSchema(row.schema), batch: writer.inline(row.batch), index: row.index, types: row.types };
}

export function parametersFrom(row: WireParameters | undefined, reader: BatchReader): ParameterRow | undefined {
  return row && { schema: schemaFrom(row.schema), batch: reader.read(row.batch), index: row.index, types: row.types };
}

export function wireDescribeOptions({ bound, into }: DescribeOptions, writer: BatchWriter): WireDescribeOptions {
  return {
    bound: bound && {
      schema: wireSchema(bound.schema),
      batches: bound.batches.map((batch) => writer.inline(batch)),
      exact: bound.exact,
    },
    into: into && wireColumns(into),
  };
}

export function describeOptionsFrom({ bound, into }: WireDescribeOptions, reader: BatchReader): DescribeOptions {
  return {
    bound: bound && {
      schema: schemaFrom(bound.schema),
      batches: bound.batches.map((batch) => reader.read(batch)),
      exact: bound.exact,
    },
    into: into && columnsFrom(into),
  };
}

export function wireWriteOptions(
  { signal: _, fetch: _fetch, parameters, columns, ...rest }: WriteOptions,
  writer: BatchWriter,
): WireWriteOptions {
  return { ...rest, columns: wireColumns(columns), parameters: wireParameters(parameters, writer) };
}

export function writeOptionsFrom(
  { columns, parameters, ...rest }: WireWriteOptions,
  signal: AbortSignal,
  reader: BatchReader,
): WriteOptions {
  const row = parametersFrom(parameters, reader);
  return { ...rest, signal, columns: columnsFrom(columns), ...(row && { parameters: row }) };
}
