/** What there is to query, asked for once and kept until it is refreshed. */
import { signal } from '@preact/signals';
import { quoted, rows } from './small.js';

export interface TableRef {
  catalog: string;
  schema: string;
  table: string;
}

export interface TableEntry {
  name: string;
  type: string;
}

export interface Column {
  name: string;
  type: string;
  nullable: boolean;
  comment: string | null;
}

const known = new Map<string, Promise<unknown>>();
/** Counts up with every refresh. */
export const refreshed = signal(0);

/** What fails is asked again the next time. */
function once<T>(key: string, load: () => Promise<T>): Promise<T> {
  let answer = known.get(key) as Promise<T> | undefined;
  if (answer === undefined) {
    answer = load();
    known.set(key, answer);
    answer.catch(() => known.delete(key));
  }
  return answer;
}

export function refresh(): void {
  known.clear();
  refreshed.value++;
}

export function catalogs(): Promise<string[]> {
  return once('catalogs', async () => (await rows('SHOW CATALOGS')).map((row) => String(row.catalog_name)));
}

export function schemas(catalog: string): Promise<string[]> {
  return once(`schemas ${catalog}`, async () =>
    (await rows(`SHOW SCHEMAS FROM ${quoted(catalog)}`)).map((row) => String(row.schema_name)),
  );
}

export function tables(catalog: string, schema: string): Promise<TableEntry[]> {
  return once(`tables ${catalog} ${schema}`, async () =>
    (await rows(`SHOW TABLES FROM ${quoted(catalog, schema)}`)).map((row) => ({
      name: String(row.table_name),
      type: String(row.table_type),
    })),
  );
}

export function columns({ catalog, schema, table }: TableRef): Promise<Column[]> {
  return once(`columns ${catalog} ${schema} ${table}`, async () =>
    (await rows(`DESCRIBE ${quoted(catalog, schema, table)}`)).map((row) => ({
      name: String(row.column_name),
      type: String(row.column_type),
      nullable: row.is_nullable === true,
      comment: row.comment === null ? null : String(row.comment),
    })),
  );
}

/** Names that a statement of the session sees without saying where they are. */
export function current(): Promise<{ catalog: string; schema: string; user: string; version: string }> {
  return once('current', async () => {
    const [row] = await rows('SELECT current_catalog() AS c, current_schema() AS s, current_user AS u, version() AS v');
    return {
      catalog: String(row?.c ?? ''),
      schema: String(row?.s ?? ''),
      user: String(row?.u),
      version: String(row?.v),
    };
  });
}

/** The comment says so where the catalog masks a column for this caller. */
export function maskOf({ comment }: Column): string | undefined {
  return /masked for you \(([^)]*)\)/.exec(comment ?? '')?.[1];
}
