/** What a metadata table is made of. */
import type { MetadataSource } from '../manifest/load.js';
import type { NestedField, Snapshot } from '../types.js';

export interface MetadataTableSource extends MetadataSource {
  /** The snapshot that the table is looked at; undefined for a table without snapshots. */
  snapshot: Snapshot | undefined;
  /** Location of the current metadata file, where it is known. */
  metadataLocation?: string | undefined;
  /** The current metadata as JSON, where it is known. */
  metadataJson?: unknown;
}

export interface MetadataTable {
  columns(source: MetadataTableSource): NestedField[];
  /** One array a row, in the order of the columns. */
  rows(source: MetadataTableSource): unknown[][] | Promise<unknown[][]>;
}
