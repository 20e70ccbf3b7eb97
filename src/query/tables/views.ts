/** Views as the catalog keeps them (Iceberg view spec, version 1). */
import { SkuaError } from '../../errors.js';
import { parseSchema, typeToSql } from '../../iceberg/index.js';
import type { PrimitiveType, Schema, Type } from '../../iceberg/types.js';
import { displayName, type TableName } from './names.js';

export interface View {
  name: TableName;
  sql: string;
  dialect: string;
  /** Where unqualified names in the view's text are looked up. */
  defaultCatalog: string;
  defaultNamespace: string[] | undefined;
  /** The columns that the view declares: the query's own, in order, by other names and in other types. Types are SQL. */
  columns: { name: string; type?: string }[];
  /** The same as a schema; undefined where the view declares none. */
  schema: Schema | undefined;
}

/** Dialects that this engine reads best come first; any other is tried as it is. */
const PREFERRED_DIALECTS = ['skua', 'duckdb', 'postgres', 'trino', 'spark'];

const CAST_TYPES = new Set<PrimitiveType>(['boolean', 'int', 'long', 'float', 'double', 'date', 'timestamp', 'string']);

interface ViewMetadata {
  'current-version-id': number;
  versions: {
    'version-id': number;
    'schema-id': number;
    'default-catalog'?: string | null;
    'default-namespace'?: string[] | null;
    representations: { type: string; sql?: string; dialect?: string }[];
  }[];
  schemas: { 'schema-id': number }[];
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
  const declared = metadata.schemas.find((candidate) => candidate['schema-id'] === version['schema-id']);
  const schema = declared && parseSchema(declared);
  return {
    name,
    sql: best.sql.replace(/;\s*$/, ''),
    dialect: best.dialect ?? '',
    defaultCatalog: version['default-catalog'] ?? name.catalog,
    defaultNamespace: version['default-namespace']?.length ? version['default-namespace'] : undefined,
    columns: (schema?.fields ?? []).map(({ name: column, type }) => ({ name: column, ...declaredType(type) })),
    schema: schema && schema.fields.length > 0 ? schema : undefined,
  };
}

/** Of single values, which engines type differently; a nested type is what the query makes it. */
function declaredType(type: Type): { type?: string } {
  const isCast = type.kind === 'decimal' || (type.kind === 'primitive' && CAST_TYPES.has(type.type));
  return isCast ? { type: typeToSql(type) } : {};
}
