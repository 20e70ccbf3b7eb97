/** Views as the catalog keeps them (Iceberg view spec, version 1). */
import { SkuaError } from '../../errors.js';
import { parseSchema, typeToSql } from '../../iceberg/index.js';
import type { PrimitiveType, Schema, Type } from '../../iceberg/types.js';
import { displayName, type TableName } from './names.js';
import { storageTableOf } from './storage-table.js';

export interface View {
  name: TableName;
  sql: string;
  /** Of the text, in lower case. */
  dialect: string;
  /** Where unqualified names in the view's text are looked up. */
  defaultCatalog: string;
  defaultNamespace: string[] | undefined;
  /** The columns that the view declares: the query's own, in order, by other names and in other types. Types are SQL. */
  columns: { name: string; type?: string }[];
  /** The same as a schema; undefined where the view declares none. */
  schema: Schema | undefined;
  comment: string | undefined;
  /** Which version of which view it is. */
  uuid: string | undefined;
  versionId: number;
  /** Where the rows of a materialized view are kept. */
  storageTable?: TableName;
}

/** Dialects whose texts mean here what they mean to their writers, the preferred one first. */
const UNDERSTOOD = ['skua', 'duckdb'];
/** In the list of dialects that are tried: any. */
const ANY = '*';
const FORMAT_VERSION = 1;

const CAST_TYPES = new Set<PrimitiveType>(['boolean', 'int', 'long', 'float', 'double', 'date', 'timestamp', 'string']);

interface ViewMetadata {
  'view-uuid'?: string;
  'format-version'?: number;
  'current-version-id': number;
  versions: {
    'version-id': number;
    'schema-id': number;
    'default-catalog'?: string | null;
    'default-namespace'?: string[] | null;
    representations: { type: string; sql?: string; dialect?: string }[];
  }[];
  schemas?: { 'schema-id': number }[];
  properties?: Record<string, unknown>;
}

/**
 * The current version of a view from its metadata. Of several texts, one in a dialect that is understood, then one in a dialect of `tried`,
 * in that order. One without SQL text, or of a later format version: UNIMPLEMENTED; metadata that is none: DATA_LOSS.
 */
export function parseView(name: TableName, json: unknown, tried: readonly string[]): View {
  const metadata = viewMetadata(name, json);
  if ((metadata['format-version'] ?? FORMAT_VERSION) > FORMAT_VERSION) {
    const sentence = `View ${displayName(name)} is of format version ${metadata['format-version']}, which is not supported`;
    throw new SkuaError('UNIMPLEMENTED', sentence);
  }
  const version = metadata.versions.find((candidate) => candidate?.['version-id'] === metadata['current-version-id']);
  const representations = Array.isArray(version?.representations) ? version.representations : [];
  const texts = representations
    .filter((one) => one?.type === 'sql' && typeof one.sql === 'string')
    .map(({ sql, dialect }) => ({ sql: sql as string, dialect: String(dialect ?? '').toLowerCase() }));
  const order = [...UNDERSTOOD, ...tried.map((dialect) => dialect.toLowerCase())];
  const rank = (dialect: string) => (order.includes(dialect) ? order.indexOf(dialect) : order.length);
  const best = texts.sort((a, b) => rank(a.dialect) - rank(b.dialect))[0];
  if (!version || !best) throw new SkuaError('UNIMPLEMENTED', `View ${displayName(name)} has no SQL text`);
  const declared = metadata.schemas?.find((candidate) => candidate?.['schema-id'] === version['schema-id']);
  const schema = declared && parseSchema(declared);
  const comment = metadata.properties?.comment;
  const storageTable = storageTableOf(name, json);
  return {
    name,
    sql: best.sql.replace(/;\s*$/, ''),
    dialect: best.dialect,
    defaultCatalog: version['default-catalog'] ?? name.catalog,
    defaultNamespace: version['default-namespace']?.length ? version['default-namespace'] : undefined,
    columns: (schema?.fields ?? []).map(({ name: column, type }) => ({
      name: column,
      ...declaredType(type, storageTable !== undefined),
    })),
    schema: schema && schema.fields.length > 0 ? schema : undefined,
    comment: typeof comment === 'string' ? comment : undefined,
    uuid: metadata['view-uuid'],
    versionId: version['version-id'],
    ...(storageTable && { storageTable }),
  };
}

function viewMetadata(name: TableName, json: unknown): ViewMetadata {
  const metadata = json as Partial<ViewMetadata> | null | undefined;
  const schemas = metadata?.schemas ?? [];
  if (!Array.isArray(metadata?.versions) || !Array.isArray(schemas)) {
    throw new SkuaError('DATA_LOSS', `The metadata of view ${displayName(name)} is malformed`);
  }
  return metadata as ViewMetadata;
}

/**
 * Refuses a text in a dialect that is neither understood nor to be tried: UNIMPLEMENTED. That it parses proves nothing: `3/2` is 1 for one
 * engine and 1.5 for another.
 */
export function requireDialect({ name, dialect }: View, tried: readonly string[]): void {
  if ([...UNDERSTOOD, ...tried.map((one) => one.toLowerCase())].includes(dialect) || tried.includes(ANY)) return;
  throw new SkuaError(
    'UNIMPLEMENTED',
    `View ${displayName(name)} is written in the SQL dialect "${dialect}", which may mean something else here; view_dialects of [catalogs.${name.catalog}] can name it to have such views run as they are`,
  );
}

/**
 * Of single values, which engines type differently; a nested type is what the query makes it. All of a materialized view's: its rows have the
 * same types whether they are computed or kept.
 */
function declaredType(type: Type, isMaterialized: boolean): { type?: string } {
  const isCast = type.kind === 'decimal' || (type.kind === 'primitive' && CAST_TYPES.has(type.type));
  return isCast || (isMaterialized && isCastable(type)) ? { type: typeToSql(type) } : {};
}

/** What the engine has a type of that name for. */
function isCastable(type: Type): boolean {
  switch (type.kind) {
    case 'primitive':
      return !['variant', 'unknown', 'timestamptz_ns'].includes(type.type);
    case 'decimal':
      return true;
    case 'struct':
      return type.fields.every((field) => !field.required && isCastable(field.type));
    case 'list':
      return isCastable(type.element);
    case 'map':
      return isCastable(type.key) && isCastable(type.value);
    default:
      return false;
  }
}
