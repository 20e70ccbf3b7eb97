/** Iceberg's metadata tables, as `"table$snapshots"`. */
import { Field, Schema, Utf8 } from 'apache-arrow';
import type { TableReference } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import { FUNCTION_TABLES, METADATA_TABLES, metadataTable } from '../../iceberg/index.js';
import type { StatementContext } from '../environment.js';
import { type RowsTable, rowsTable } from '../rows.js';
import { SCHEMA_PROPERTIES } from '../syntax/table-functions.js';
import {
  datasetName,
  displayName,
  type NameContext,
  referencedBy,
  resolveSchema,
  resolveTable,
  schemaName,
  type TableName,
} from './names.js';
import { refuseInsight } from './restricted.js';
import { catalogOf, loadTable, metadataCacheOf } from './tables.js';
import { travel } from './travel.js';

/** `"table$changes"`, which is made of two scans of the table. */
export function isChangesTable(reference: TableReference): boolean {
  return /.\$changes$/i.test(reference.path.at(-1) as string);
}

/** Where a reference stands: how its name is looked up, and in which views, the outermost first. */
export interface ReferenceScope {
  names: NameContext;
  views: readonly TableName[];
}

/** Metadata tables of ids and times alone, which callers may read of a restricted table too. */
const TELL_NO_VALUES: readonly string[] = ['history', 'refs'];

/** The metadata table that a reference means; undefined where the name does not end in `$` and the name of one. */
export async function metadataTableOf(
  context: StatementContext,
  { names, views }: ReferenceScope,
  reference: TableReference,
): Promise<RowsTable | undefined> {
  const written = reference.path.at(-1) as string;
  const split = written.lastIndexOf('$');
  const kind = written.slice(split + 1).toLowerCase();
  const known = [...METADATA_TABLES, ...FUNCTION_TABLES].find((candidate) => candidate === kind);
  if (split <= 0 || !known) return undefined;
  const name = resolveTable(names, [...reference.path.slice(0, -1), written.slice(0, split)]);
  const current = await loadTable(context, name, { referencedBy: referencedBy(name, views) });
  if (!TELL_NO_VALUES.includes(known)) refuseInsight(current, `Metadata table $${known}`);
  const table = reference.at ? travel(current, reference.at) : current;
  const { schema, rows } = await metadataTable(known, table.metadata, {
    storage: table.storage,
    snapshotId: table.snapshotId,
    metadataLocation: table.loaded.metadataLocation,
    metadataJson: table.loaded.metadata,
    cache: metadataCacheOf(context, table),
    signal: context.call.signal,
  });
  const origin = { catalog: name.catalog, dataset: `${datasetName(name)}$${known}` };
  return rowsTable(`${displayName(name)}$${known}@${table.snapshotId ?? ''}`, schema, rows, origin);
}

/** The properties of a schema, where a reference ends in the name that `iceberg_schema_properties(s)` is written as. */
export async function schemaPropertiesOf(
  context: StatementContext,
  names: NameContext,
  reference: TableReference,
): Promise<RowsTable | undefined> {
  if (reference.path.at(-1) !== SCHEMA_PROPERTIES || reference.path.length < 2) return undefined;
  const { catalog, namespace } = resolveSchema(names, reference.path.slice(0, -1));
  const properties = await catalogOf(context, catalog).loadNamespace(namespace);
  const dataset = `${schemaName(namespace)}$properties`;
  return rowsTable(`${catalog}.${dataset}`, PROPERTY_COLUMNS, Object.entries(properties), { catalog, dataset });
}

const PROPERTY_COLUMNS = new Schema([new Field('key', new Utf8(), false), new Field('value', new Utf8(), false)]);

/** NOT_FOUND of a table whose name looks like that of a metadata table, with the names that there are. */
export function withMetadataTables(error: unknown, name: TableName): unknown {
  if (!(error instanceof SkuaError) || error.code !== 'NOT_FOUND' || !name.name.includes('$')) return error;
  const known = [...METADATA_TABLES, 'position_deletes', 'changes'].map((kind) => `$${kind}`).join(', ');
  return new SkuaError('NOT_FOUND', `${error.message}; metadata tables are ${known}`, { cause: error });
}
