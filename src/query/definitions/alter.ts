/** ALTER of tables, views and schemas: changes to metadata, by one catalog commit for each statement. */
import type { TableIdentifier, ViewUpdate } from '../../catalog/index.js';
import { SkuaError } from '../../errors.js';
import {
  applyUpdates,
  type DefinitionCommit,
  type DefinitionUpdate,
  knownFormatVersion,
  propertyChanges,
  refuseLaterTypes,
  SchemaEvolution,
  SpecEvolution,
  schemaCommit,
  sortFields,
  sortOrderCommit,
  specCommit,
  sqlTypeToIceberg,
} from '../../iceberg/index.js';
import type { TableMetadata } from '../../iceberg/types.js';
import { changeTable } from '../committing/commit.js';
import type { StatementContext } from '../environment.js';
import type {
  AlterSchemaStatement,
  AlterTableStatement,
  AlterViewStatement,
  PropertyAlteration,
  ReferenceAlteration,
  RenameStatement,
  TableAlteration,
} from '../syntax/alteration.js';
import type { SortDefinition } from '../syntax/partition.js';
import { resolveSchema, resolveTable, type TableName } from '../tables/names.js';
import { refuseChanges, refuseColumnChanges } from '../tables/restricted.js';
import { catalogOf, loadTable, namesOf } from '../tables/tables.js';
import { type ColumnDefault, columnDefault } from './column-defaults.js';
import { ignoring } from './definitions.js';
import { alterReference, firstSnapshot } from './references.js';

/** All alterations of the statement, or none. What another commit changed meanwhile is taken into account. */
export async function alterTable(context: StatementContext, statement: AlterTableStatement): Promise<void> {
  const name = resolveTable(namesOf(context), statement.table);
  context.transaction?.requireChangeable();
  await ignoring(statement.ifExists ? 'NOT_FOUND' : undefined, async () => {
    const table = await loadTable(context, name);
    await changeTable(context, table, async () => async (now, state) => {
      refuseColumnChanges(state, statement.alterations.flatMap(alteredColumns));
      if (statement.alterations.some(movesRows)) refuseChanges(state, 'ALTER of branches and tags that are there');
      const { metadata } = state;
      const first = await firstSnapshot(state, statement.alterations);
      if (first) return first;
      const { requirements, updates } = await alterationCommit(now, metadata, statement.alterations);
      if (updates.length === 0) return undefined;
      return { commit: { requirements, updates }, after: applyUpdates(metadata, updates), written: [] };
    });
  });
}

/** Whether rows may be in the branch or tag no longer: a new one takes nothing away. */
function movesRows(alteration: TableAlteration): boolean {
  if (alteration.kind === 'drop-reference') return true;
  return alteration.kind === 'set-reference' && alteration.how !== 'create';
}

/** Columns that the alteration changes or uses. */
function alteredColumns(alteration: TableAlteration): string[] {
  switch (alteration.kind) {
    case 'set-properties':
    case 'remove-properties':
    case 'set-reference':
    case 'drop-reference':
      return [];
    case 'add-column':
      return alteration.path.slice(0, -1).slice(0, 1);
    case 'set-sort-order':
      return alteration.fields.flatMap(({ column }) => column.slice(0, 1));
    case 'set-identifier':
      return alteration.paths.flatMap(([column]) => column ?? []);
    case 'add-partition-field':
    case 'drop-partition-field':
      return alteration.field.column.slice(0, 1);
    case 'set-partitions':
      return alteration.fields.flatMap(({ column }) => column.slice(0, 1));
    default:
      return alteration.path.slice(0, 1);
  }
}

export async function alterView(context: StatementContext, statement: AlterViewStatement): Promise<void> {
  const name = resolveTable(namesOf(context), statement.view);
  const catalog = catalogOf(context, name.catalog);
  await ignoring(statement.ifExists ? 'NOT_FOUND' : undefined, async () => {
    const view = await catalog.loadView(name);
    const { 'view-uuid': uuid } = view.metadata as { 'view-uuid': string };
    const requirements = [{ type: 'assert-view-uuid' as const, uuid }];
    await catalog.commitView(name, { requirements, updates: statement.alterations.flatMap(viewUpdates) });
  });
}

export async function alterSchema(context: StatementContext, statement: AlterSchemaStatement): Promise<void> {
  const { catalog, namespace } = resolveSchema(namesOf(context), statement.schema);
  await ignoring(statement.ifExists ? 'NOT_FOUND' : undefined, async () => {
    for (const alteration of statement.alterations) {
      const changes =
        alteration.kind === 'set-properties' ? { updates: alteration.properties } : { removals: alteration.keys };
      await catalogOf(context, catalog).updateNamespace(namespace, changes);
    }
  });
}

/** How many properties a table or schema has. */
export async function propertyCount(
  context: StatementContext,
  statement: AlterTableStatement | AlterSchemaStatement,
): Promise<number> {
  const names = namesOf(context);
  if (statement.kind === 'alter-table') {
    const table = await loadTable(context, resolveTable(names, statement.table));
    return Object.keys(table.metadata.properties).length;
  }
  const { catalog, namespace } = resolveSchema(names, statement.schema);
  return Object.keys(await catalogOf(context, catalog).loadNamespace(namespace)).length;
}

/** A new name alone stays in the schema. Another catalog: INVALID_ARGUMENT. */
export async function rename(context: StatementContext, statement: RenameStatement): Promise<void> {
  const names = namesOf(context);
  const from = resolveTable(names, statement.from);
  const to = resolveTable({ ...names, session: { catalog: from.catalog, schema: from.namespace } }, statement.to);
  if (to.catalog !== from.catalog) {
    throw new SkuaError('INVALID_ARGUMENT', `Renaming can't move from catalog ${from.catalog} to ${to.catalog}`);
  }
  const catalog = catalogOf(context, from.catalog);
  await ignoring(statement.ifExists ? 'NOT_FOUND' : undefined, () =>
    statement.kind === 'rename-view'
      ? catalog.renameView(identifierOf(from), identifierOf(to))
      : catalog.renameTable(identifierOf(from), identifierOf(to)),
  );
}

function identifierOf({ namespace, name }: TableName): TableIdentifier {
  return { namespace, name };
}

async function alterationCommit(
  context: StatementContext,
  metadata: TableMetadata,
  alterations: readonly TableAlteration[],
): Promise<DefinitionCommit> {
  const schema = new SchemaEvolution(metadata);
  const spec = new SpecEvolution(metadata);
  const properties: DefinitionUpdate[] = [];
  const references: DefinitionCommit[] = [];
  let sortedBy: SortDefinition[] | undefined;
  for (const alteration of alterations) {
    if (alteration.kind === 'set-properties' || alteration.kind === 'remove-properties') {
      properties.push(...propertyUpdates(alteration, metadata.formatVersion));
      continue;
    }
    if (alteration.kind === 'set-reference' || alteration.kind === 'drop-reference') {
      references.push(alterReference(metadata, alteration));
      continue;
    }
    if (alteration.kind === 'set-sort-order') {
      sortedBy = alteration.fields;
      continue;
    }
    if (alteration.kind === 'add-column') {
      refuseLaterTypes(alteration.path.join('.'), sqlTypeToIceberg(alteration.type), metadata.formatVersion);
    }
    alterDefinition(schema, spec, alteration, await valueOfDefault(context, metadata, schema, alteration));
  }
  const ofSchema = schemaCommit(metadata, schema.schema, schema.lastColumnId);
  const ofSpec = specCommit(metadata, spec.fields);
  const ofOrder = sortedBy && sortOrderCommit(metadata, sortFields(schema.schema.fields, sortedBy));
  const { updates, removals } = propertyChanges(metadata, schema.schema);
  return {
    requirements: [
      { type: 'assert-table-uuid', uuid: metadata.tableUuid },
      ...ofSchema.requirements,
      ...ofSpec.requirements,
      ...(ofOrder?.requirements ?? []),
      ...references.flatMap(({ requirements }) => requirements),
    ],
    updates: [
      ...ofSchema.updates,
      ...ofSpec.updates,
      ...(ofOrder?.updates ?? []),
      ...(removals.length > 0 ? [{ action: 'remove-properties' as const, removals }] : []),
      ...(Object.keys(updates).length > 0 ? [{ action: 'set-properties' as const, updates }] : []),
      ...properties,
      ...references.flatMap(({ updates: ofReference }) => ofReference),
    ],
  };
}

/** Undefined for NULL, and for an alteration without a DEFAULT. */
async function valueOfDefault(
  context: StatementContext,
  metadata: TableMetadata,
  schema: SchemaEvolution,
  alteration: TableAlteration,
): Promise<ColumnDefault | undefined> {
  const { kind } = alteration;
  if ((kind !== 'add-column' && kind !== 'set-default') || alteration.default === undefined) return undefined;
  const { formatVersion } = metadata;
  const name = alteration.path.join('.');
  if (kind === 'set-default') {
    const options = { keys: ['writeDefault'], formatVersion } as const;
    return columnDefault(context, { name, type: schema.typeOf(alteration.path) }, alteration.default, options);
  }
  const options = { keys: ['initialDefault', 'writeDefault'], formatVersion } as const;
  return columnDefault(context, { name, type: sqlTypeToIceberg(alteration.type) }, alteration.default, options);
}

function alterDefinition(
  schema: SchemaEvolution,
  spec: SpecEvolution,
  alteration: Exclude<TableAlteration, PropertyAlteration | ReferenceAlteration | { kind: 'set-sort-order' }>,
  given: ColumnDefault | undefined,
): void {
  switch (alteration.kind) {
    case 'add-column': {
      const { path, required, comment, place } = alteration;
      if (alteration.ifNotExists && schema.has(path)) return;
      const type = given?.type ?? sqlTypeToIceberg(alteration.type);
      schema.add(path, { type, required, doc: comment, defaultValue: given?.value, place });
      return;
    }
    case 'drop-column':
      if (!alteration.ifExists || schema.has(alteration.path)) schema.drop(alteration.path);
      return;
    case 'rename-column':
      schema.rename(alteration.path, alteration.name);
      return;
    case 'set-type':
      schema.setType(alteration.path, sqlTypeToIceberg(alteration.type, { exact: true }));
      return;
    case 'set-required':
      schema.setRequired(alteration.path, alteration.required);
      return;
    case 'set-default':
      schema.setWriteDefault(alteration.path, given?.value, given?.type);
      return;
    case 'comment-column':
      schema.setDoc(alteration.path, alteration.comment);
      return;
    case 'move-column':
      schema.move(alteration.path, alteration.place);
      return;
    case 'set-identifier':
      schema.setIdentifier(alteration.paths);
      return;
    case 'add-partition-field':
      spec.add(schema.schema.fields, alteration.field, alteration.field.name);
      return;
    case 'drop-partition-field':
      spec.drop(schema.schema.fields, alteration.field);
      return;
    case 'set-partitions':
      spec.set(schema.schema.fields, alteration.fields);
      return;
  }
}

function viewUpdates(alteration: PropertyAlteration): ViewUpdate[] {
  return alteration.kind === 'remove-properties'
    ? [{ action: 'remove-properties', removals: alteration.keys }]
    : [{ action: 'set-properties', updates: alteration.properties }];
}

/** The property `format-version` is no property of the table: setting it upgrades the table. A lower one: INVALID_ARGUMENT. */
function propertyUpdates(alteration: PropertyAlteration, formatVersion: number): DefinitionUpdate[] {
  if (alteration.kind === 'remove-properties') return [{ action: 'remove-properties', removals: alteration.keys }];
  const { 'format-version': version, ...properties } = alteration.properties;
  const updates: DefinitionUpdate[] = [];
  if (version !== undefined) {
    const wanted = knownFormatVersion(version);
    if (wanted < formatVersion) {
      const message = `The table is of format version ${formatVersion}, which can't be lowered to ${wanted}`;
      throw new SkuaError('INVALID_ARGUMENT', message);
    }
    if (wanted > formatVersion) updates.push({ action: 'upgrade-format-version', 'format-version': wanted });
  }
  if (Object.keys(properties).length > 0) updates.push({ action: 'set-properties', updates: properties });
  return updates;
}
