/**
 * Binds a query: finds each table it refers to, replaces the references by binding names, and expands views. What comes out is a text
 * in which every table is one of the given bindings.
 */
import type { ParsedQuery, TableReference } from '../engine/contract.js';
import { SkuaError } from '../errors.js';
import type { SnapshotPin } from './contract.js';
import type { StatementContext } from './environment.js';
import { informationSchemaTable } from './information-schema.js';
import { metadataTableOf } from './metadata-tables.js';
import { displayName, findCatalog, type NameContext, resolveTable, schemaName, type TableName } from './names.js';
import type { RowsTable } from './rows.js';
import { quoteName } from './syntax/lexer.js';
import { normalizeQuery } from './syntax/normalize.js';
import { applyEdits, type Edit } from './syntax/rewrite.js';
import { atPin, loadTableOrView, type PinnedTable, type TimeTravel, travel } from './tables.js';
import type { View } from './views.js';

/** A query whose every table is known. */
export interface BoundQuery {
  sql: string;
  /** Iceberg tables by binding name. */
  tables: Map<string, PinnedTable>;
  /** Tables of rows that Skua itself computes: information_schema and metadata tables. */
  rows: Map<string, RowsTable>;
  parameterCount: number;
}

const DEEPEST_VIEW = 16;

export class Binder {
  readonly #tables = new Map<string, PinnedTable>();
  readonly #rows = new Map<string, RowsTable>();
  readonly #loading = new Map<string, Promise<PinnedTable | View>>();

  constructor(
    private readonly statement: StatementContext,
    private readonly pins: readonly SnapshotPin[] = [],
  ) {}

  /** Binds one query. Unknown table: NOT_FOUND; a syntax error: INVALID_ARGUMENT with line and column. */
  async bind(sql: string): Promise<BoundQuery> {
    const context = { catalogs: [...this.statement.environment.catalogs.keys()], session: this.statement.call.session };
    const { text, parsed } = await this.#bindText(sql, context, 0);
    return { sql: text, tables: this.#tables, rows: this.#rows, parameterCount: parsed.parameterCount };
  }

  async #bindText(sql: string, context: NameContext, depth: number): Promise<{ text: string; parsed: ParsedQuery }> {
    const normal = normalizeQuery(sql, (name) => findCatalog(context, name) !== undefined);
    const parsed = await this.statement.environment.engine.parser.parseQuery(normal);
    const edits = await Promise.all(parsed.tables.map((reference) => this.#bindReference(reference, context, depth)));
    return { text: applyEdits(normal, [...edits.flat(), ...columnEdits(parsed)]), parsed };
  }

  async #bindReference(reference: TableReference, context: NameContext, depth: number): Promise<Edit[]> {
    const edits: Edit[] = [];
    const alias = reference.alias === undefined ? ` AS ${quoteName(reference.path.at(-1) as string)}` : '';
    if (reference.at) edits.push({ start: reference.at.start, end: reference.at.end, text: '' });
    const replaceBy = (text: string) => {
      // The alias belongs behind an AT clause, which goes away.
      edits.push({ start: reference.start, end: reference.end, text: `${text}${alias}` });
      return edits;
    };
    const rows =
      (await informationSchemaTable(this.statement, context, reference.path)) ??
      (await metadataTableOf(this.statement, context, reference));
    if (rows) return replaceBy(this.#addRows(rows));
    const name = resolveTable(context, reference.path);
    const found = await this.#load(name);
    if ('sql' in found) {
      if (reference.at)
        throw new SkuaError('INVALID_ARGUMENT', `View ${displayName(name)} has no versions to travel to`);
      return replaceBy(await this.#expandView(found, depth));
    }
    return replaceBy(this.#addTable(this.#pinned(found, reference.at)));
  }

  #load(name: TableName): Promise<PinnedTable | View> {
    const key = displayName(name);
    let loading = this.#loading.get(key);
    if (!loading) {
      loading = loadTableOrView(this.statement, name);
      this.#loading.set(key, loading);
    }
    return loading;
  }

  #pinned(table: PinnedTable, at: TimeTravel | undefined): PinnedTable {
    if (at) return travel(table, at);
    const pin = this.pins.find(
      (candidate) =>
        candidate.catalog === table.name.catalog &&
        candidate.table === table.name.name &&
        schemaName(candidate.namespace) === schemaName(table.name.namespace),
    );
    return pin ? atPin(table, pin) : table;
  }

  #addTable(table: PinnedTable): string {
    const plain = displayName(table.name);
    const isCurrent = table.snapshotId === table.metadata.currentSnapshotId;
    const name = isCurrent ? plain : `${plain}@${table.snapshotId}`;
    this.#tables.set(name, table);
    return quoteName(name);
  }

  #addRows(rows: RowsTable): string {
    this.#rows.set(rows.name, rows);
    return quoteName(rows.name);
  }

  async #expandView(view: View, depth: number): Promise<string> {
    if (depth >= DEEPEST_VIEW) {
      throw new SkuaError(
        'INVALID_ARGUMENT',
        `View ${displayName(view.name)} is nested too deeply, or refers to itself`,
      );
    }
    const session = { catalog: view.defaultCatalog, schema: view.defaultNamespace };
    const context = { catalogs: [...this.statement.environment.catalogs.keys()], session };
    const { text, parsed } = await this.#bindText(view.sql, context, depth + 1);
    if (parsed.parameterCount > 0) {
      throw new SkuaError('INVALID_ARGUMENT', `View ${displayName(view.name)} has parameters`);
    }
    const columns = view.columns.length > 0 ? `(${view.columns.map(quoteName).join(', ')})` : '';
    return `(SELECT * FROM (${text}) AS ${quoteName('view')}${columns})`;
  }
}

/** `schema.table.column` becomes `table.column`, since the table now goes by its last name. */
function columnEdits(parsed: ParsedQuery): Edit[] {
  const edits: Edit[] = [];
  for (const column of parsed.qualifiedColumns) {
    for (const table of parsed.tables) {
      if (table.alias !== undefined) continue;
      const shared = sharedQualifier(table.path, column.path);
      if (shared === 0) continue;
      const rest = column.path.slice(shared - 1);
      edits.push({ start: column.start, end: column.end, text: rest.map(quoteName).join('.') });
      break;
    }
  }
  return edits;
}

/** How many names at the start of the column's path are the end of the table's path, if at least two. */
function sharedQualifier(table: readonly string[], column: readonly string[]): number {
  for (let length = table.length; length >= 2; length--) {
    if (length >= column.length) continue;
    const suffix = table.slice(-length);
    if (suffix.every((name, index) => name.toLowerCase() === column[index]?.toLowerCase())) return length;
  }
  return 0;
}
