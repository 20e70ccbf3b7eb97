/**
 * How names in SQL find their catalog, namespace and table. A namespace of several levels is written with dots inside one schema name,
 * `"a.b"`; a level that itself holds a dot or a double quote is quoted within it, `"""a.b""".t`.
 */
import type { TableIdentifier } from '../../catalog/contract.js';
import { SkuaError } from '../../errors.js';
import type { Session } from '../../session/index.js';
import { endOfQuote } from '../../sql/index.js';

/** The namespace path of a schema name. A text that is no path is a name of one level. */
export function namespaceOf(schema: string): string[] {
  const levels: string[] = [];
  for (let start = 0; ; ) {
    const isQuoted = schema.charAt(start) === '"';
    const end = isQuoted ? endOfQuote(schema, start, '"') : endOfPlain(schema, start);
    if (end <= start) return [schema];
    const written = schema.slice(start, end);
    levels.push(isQuoted ? written.slice(1, -1).replaceAll('""', '"') : written);
    if (end === schema.length) return levels;
    if (schema.charAt(end) !== '.') return [schema];
    start = end + 1;
  }
}

/** The end of a level that is not quoted. */
function endOfPlain(schema: string, start: number): number {
  let end = start;
  while (end < schema.length && schema[end] !== '.' && schema[end] !== '"') end++;
  return end;
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

/** The name of a table within its catalog: `schema.table`. */
export function datasetName({ namespace, name }: Pick<TableName, 'namespace' | 'name'>): string {
  return `${schemaName(namespace)}.${name}`;
}

/** Tells tables apart, which `displayName` does not where names hold dots. */
export function tableKey(name: TableName): string {
  return JSON.stringify([name.catalog, name.namespace, name.name]);
}

/** The views that lead to a table, as its own catalog knows them. */
export function referencedBy({ catalog }: TableName, views: readonly TableName[]): TableIdentifier[] {
  return views.filter((view) => view.catalog === catalog).map(({ namespace, name }) => ({ namespace, name }));
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

const ANY_TEXT = Symbol('%');
const ANY_CHARACTER = Symbol('_');

/** An SQL LIKE pattern with `%`, `_` and backslash as escape, as a test. Case matters. The time is at most the product of both lengths. */
export function likeMatcher(pattern: string | undefined): (text: string) => boolean {
  if (pattern === undefined) return () => true;
  const parts = likeParts(pattern);
  return (text) => isLike(Array.from(text), parts);
}

function likeParts(pattern: string): (string | symbol)[] {
  const parts: (string | symbol)[] = [];
  const characters = Array.from(pattern);
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index] as string;
    if (character === '%') {
      if (parts.at(-1) !== ANY_TEXT) parts.push(ANY_TEXT);
    } else if (character === '_') parts.push(ANY_CHARACTER);
    else parts.push(character === '\\' && index + 1 < characters.length ? (characters[++index] as string) : character);
  }
  return parts;
}

/** Only the last `%` ever has to take more than it did: whatever an earlier one could take instead, the last one can take too. */
function isLike(text: readonly string[], parts: readonly (string | symbol)[]): boolean {
  let [at, part] = [0, 0];
  let [retry, afterAny] = [0, -1];
  while (at < text.length) {
    if (parts[part] === ANY_TEXT) {
      afterAny = ++part;
      retry = at;
    } else if (part < parts.length && (parts[part] === ANY_CHARACTER || parts[part] === text[at])) {
      part++;
      at++;
    } else if (afterAny >= 0) {
      part = afterAny;
      at = ++retry;
    } else return false;
  }
  if (parts[part] === ANY_TEXT) part++;
  return part === parts.length;
}
