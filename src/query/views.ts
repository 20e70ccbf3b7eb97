/** Views as the catalog keeps them (Iceberg view spec, version 1). */
import { SkuaError } from '../errors.js';
import { displayName, type TableName } from './names.js';

export interface View {
  name: TableName;
  sql: string;
  dialect: string;
  /** Where unqualified names in the view's text are looked up. */
  defaultCatalog: string;
  defaultNamespace: string[] | undefined;
  /** The columns that the view declares; they rename the query's own. */
  columns: string[];
}

/** Dialects that this engine reads best come first; any other is tried as it is. */
const PREFERRED_DIALECTS = ['skua', 'duckdb', 'postgres', 'trino', 'spark'];

interface ViewMetadata {
  'current-version-id': number;
  versions: {
    'version-id': number;
    'schema-id': number;
    'default-catalog'?: string | null;
    'default-namespace'?: string[] | null;
    representations: { type: string; sql?: string; dialect?: string }[];
  }[];
  schemas: { 'schema-id': number; fields: { name: string }[] }[];
}

/** The current version of a view from its metadata. One without SQL text: UNIMPLEMENTED. */
export function parseView(name: TableName, json: unknown): View {
  const metadata = json as ViewMetadata;
  const version = metadata.versions.find((candidate) => candidate['version-id'] === metadata['current-version-id']);
  const texts = (version?.representations ?? []).filter(({ type, sql }) => type === 'sql' && sql !== undefined);
  const rank = (dialect: string | undefined) => {
    const index = PREFERRED_DIALECTS.indexOf(dialect?.toLowerCase() ?? '');
    return index < 0 ? PREFERRED_DIALECTS.length : index;
  };
  const best = texts.sort((a, b) => rank(a.dialect) - rank(b.dialect))[0];
  if (!version || !best?.sql) throw new SkuaError('UNIMPLEMENTED', `View ${displayName(name)} has no SQL text`);
  const schema = metadata.schemas.find((candidate) => candidate['schema-id'] === version['schema-id']);
  return {
    name,
    sql: best.sql.replace(/;\s*$/, ''),
    dialect: best.dialect ?? '',
    defaultCatalog: version['default-catalog'] ?? name.catalog,
    defaultNamespace: version['default-namespace']?.length ? version['default-namespace'] : undefined,
    columns: (schema?.fields ?? []).map((field) => field.name),
  };
}
