/** The tables of a statement as a cluster reads them: by the same snapshots, through the same catalogs. */
import type { BoundStatement, BoundTable, PinnedTable } from '../contract.js';
import { type ClusterCatalogs, catalogName } from './properties.js';
import { columnType, quoted, refuse, type SourceTable } from './translate/index.js';

/** By binding name in lower case. A table that only this engine can read: `NotTranslated`. */
export function sourceTables({ tables }: BoundStatement, catalogs: ClusterCatalogs): Map<string, SourceTable> {
  return new Map(tables.map((bound) => [bound.name.toLowerCase(), sourceTable(bound, catalogs)]));
}

function sourceTable(bound: BoundTable, catalogs: ClusterCatalogs): SourceTable {
  if (bound.kind !== 'iceberg') return refuse('it reads rows that no catalog has');
  const { table } = bound;
  const { identifier, displayName, schema, snapshotId } = table;
  const obstacle = obstacleOf(table);
  if (obstacle !== undefined) refuse(`${displayName} ${obstacle}`);
  if (!Object.hasOwn(catalogs, identifier.catalog)) refuse(`the catalog ${identifier.catalog} is not known there`);
  const path = [catalogName(identifier.catalog), ...identifier.namespace, identifier.name].map(quoted).join('.');
  return {
    sql: `${path} VERSION AS OF ${snapshotId}`,
    columns: schema.fields.map(({ name, type }) => ({ name, type: columnType(type), sql: quoted(name) })),
  };
}

/** What keeps the cluster from seeing just the rows that are seen here. */
function obstacleOf(table: PinnedTable): string | undefined {
  const { restrictions, isUncommitted, part, hidden = [], planScan, snapshotId, metadata, schema } = table;
  if (restrictions) return 'is restricted by its catalog, which the cluster would not enforce';
  if (isUncommitted) return 'has changes that are not committed';
  if (part) return 'is read only in part';
  if (hidden.length > 0) return `is read with ${hidden.join(', ')}`;
  if (planScan) return 'is planned by its catalog';
  if (snapshotId === undefined) return 'has no snapshot';
  const snapshot = metadata.snapshots.find((each) => each.snapshotId === snapshotId);
  // A snapshot is read there with the schema that it was written with.
  if (snapshot?.schemaId !== schema.schemaId) return 'has other columns now than when its snapshot was written';
  const names = schema.fields.map(({ name }) => name.toLowerCase());
  return new Set(names).size < names.length ? 'has columns whose names differ only in upper and lower case' : undefined;
}
