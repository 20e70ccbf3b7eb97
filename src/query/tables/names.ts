/**
 * How names in SQL find their catalog, namespace and table. A namespace of several levels is written with dots inside one schema name,
 * `"a.b"`; a level that itself holds a dot or a double quote is quoted within it, `"""a.b""".t`.
 */
import type { TableIdentifier } from '../../catalog/contract.js';
import { SkuaError } from '../../errors.js';
import type { Session } from '../../session/session.js';

/** The namespace path of a schema name. */
export function namespaceOf(schema: string): string[] {
  const levels: string[] = [];
  const level = /"((?:[^"]|"")*)"|([^."]+)/y;
  let position = 0;
  do {
    level.lastIndex = position;
    const match = level.exec(schema);
    if (!match) return [schema];
    levels.push(match[1] !== undefined ? match[1].replaceAll('""', '"') : (match[2] as string));
    position = level.lastIndex + 1;
  } while (schema[position - 1] === '.');
  return position > schema.length ? levels : [schema];
}

/** The schema name of a namespace path; `namespaceOf` undoes it. */
export function schemaName(namespace: readonly string[]): string {
  return namespace.map((level) => (/[."]/.test(level) ? `"${level.replaceAll('"', '""')}"` : level)).join('.');
}

export interface TableName extends TableIdentifier {
  catalog: string;
  namespace: string[];
}

/** What a client reads where a table is named: `catalog.schema.table`. */
export function displayName(name: TableName): string {
  return `${name.catalog}.${schemaName(name.namespace)}.${name.name}`;
}

/** Tells tables apart, which `displayName` does not where names hold dots. */
export function tableKey(name: TableName): string {
  return JSON.stringify([name.catalog, name.namespace, name.name]);
}

export interface NameContext {
  /** Names of the configured catalogs. */
  catalogs: readonly string[];
  /** Where names without a catalog or schema are looked up. */
  session: Pick<Session, 'catalog' | 'schema'>;
}

/** The configured catalog of that name, in any case. */
export function findCatalog(context: NameContext, name: string): string | undefined {
  if (context.catalogs.includes(name)) return name;
  const folded = name.toLowerCase();
  return context.catalogs.find((catalog) => catalog.toLowerCase() === folded);
}

/** The catalog that the session chose, or the only one. */
export function chosenCatalog({ catalogs, session }: NameContext): string | undefined {
  return session.catalog ?? (catalogs.length === 1 ? catalogs[0] : undefined);
}

/** The catalog that unqualified names mean. None chosen and several configured: INVALID_ARGUMENT. */
export function currentCatalog(context: NameContext): string {
  const catalog = chosenCatalog(context);
  if (catalog === undefined) {
    const known = context.catalogs.join(', ');
    throw new SkuaError('INVALID_ARGUMENT', `No catalog is chosen; write catalog.schema.table or USE one of: ${known}`);
  }
  return catalog;
}

/**
 * The table that a written path means: `table` in the current schema; `schema.table` in the current catalog; `catalog.schema.table`, where
 * the schema may be written as several names.
 */
export function resolveTable(context: NameContext, path: readonly string[]): TableName {
  const name = path.at(-1) as string;
  const qualifier = path.slice(0, -1);
  if (qualifier.length === 0) {
    const catalog = currentCatalog(context);
    const namespace = context.session.schema;
    if (!namespace) {
      throw new SkuaError('INVALID_ARGUMENT', `No schema is chosen for "${name}"; write schema.table or USE a schema`);
    }
    return { catalog, namespace, name };
  }
  return { ...resolveSchema(context, qualifier), name };
}

/** The catalog and namespace that a written path means. */
export function resolveSchema(context: NameContext, path: readonly string[]): { catalog: string; namespace: string[] } {
  const catalog = path.length > 1 ? findCatalog(context, path[0] as string) : undefined;
  if (catalog !== undefined) return { catalog, namespace: path.slice(1).flatMap(namespaceOf) };
  return { catalog: currentCatalog(context), namespace: path.flatMap(namespaceOf) };
}

/** The pattern that only this text matches. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

/** An SQL LIKE pattern with `%`, `_` and backslash as escape, as a test. Case matters. */
export function likeMatcher(pattern: string | undefined): (text: string) => boolean {
  if (pattern === undefined) return () => true;
  let source = '';
  for (let index = 0; index < pattern.length; index++) {
    let character = pattern[index] as string;
    if (character === '%') source += '[^]*';
    else if (character === '_') source += '[^]';
    else {
      if (character === '\\' && index + 1 < pattern.length) character = pattern[++index] as string;
      source += character.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    }
  }
  const expression = new RegExp(`^${source}$`);
  return (text) => expression.test(text);
}
