/** The table that holds the rows of a materialized view (Iceberg view specification, draft of materialized views). */
import { jsonOrNothing } from '../../json.js';
import type { TableName } from './names.js';

/** The field of a view's version. Catalogs that do not know it yet drop it, and so the view has a property of that name too. */
export const STORAGE_TABLE = 'storage-table';

/** From the metadata of a view; undefined for one that is not materialized, and for metadata that is none. */
export function storageTableOf(view: TableName, json: unknown): TableName | undefined {
  const metadata = (json ?? {}) as StoredViewJson;
  const version = metadata.versions?.find?.((one) => one?.['version-id'] === metadata['current-version-id']);
  const property = metadata.properties?.[STORAGE_TABLE];
  const given = version?.[STORAGE_TABLE] ?? (typeof property === 'string' ? jsonOrNothing(property) : undefined);
  const { namespace, name } = (given ?? {}) as { namespace?: unknown; name?: unknown };
  if (typeof name !== 'string' || !Array.isArray(namespace)) return undefined;
  return { catalog: view.catalog, namespace: namespace.map(String), name };
}

interface StoredViewJson {
  'current-version-id'?: number;
  versions?: { 'version-id': number; [STORAGE_TABLE]?: unknown }[];
  properties?: Record<string, unknown>;
}

/** The identifier in the specification's JSON. */
export function storageTableJson({ namespace, name }: TableName): { namespace: readonly string[]; name: string } {
  return { namespace, name };
}
