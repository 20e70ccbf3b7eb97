/**
 * Binds a query: finds each table it refers to, replaces the references by binding names, and expands views. What comes out is a text
 * in which every table is one of the given bindings.
 */
import { batchToRows } from '../../arrow/index.js';
import type { ParsedQuery, TableReference } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import { OTHER_HIDDEN_NAMES } from '../../iceberg/index.js';
import { inTurns, quoteName, quoteString, TextBudget, tokenize } from '../../sql/index.js';
import type { SnapshotPin } from '../contract.js';
import type { StatementContext } from '../environment.js';
import type { ListedTable, RowsTable } from '../rows.js';
import { variablesOf } from '../session/variable-values.js';
import { normalizeSteps } from '../syntax/normalize.js';
import { applyEdits, type Edit, editSteps } from '../syntax/rewrite.js';
import { shownStatements } from '../syntax/shown.js';
import type { VariableValue } from '../syntax/variables.js';
import { isChangesTable, metadataTableOf, withMetadataTables } from '../tables/metadata-tables.js';
import {
  displayName,
  findCatalog,
  type NameContext,
  resolveTable,
  schemaName,
  type TableName,
  tableKey,
} from '../tables/names.js';
import { withBarrier } from '../tables/restricted.js';
import { atPin, loadTableOrView, type PinnedTable, viewDialects } from '../tables/tables.js';
import { type TemporaryView, temporaryTable, temporaryView } from '../tables/temporary.js';
import { clauseKey, type TimeTravel, travel, travelForChanges } from '../tables/travel.js';
import { requireDialect, type View } from '../tables/views.js';
import { type BoundQuery, bindingsOf } from './bindings.js';
import { functionsFor } from './functions.js';
import { type HiddenReference, missesOtherName, namedHiddenColumns, nameOf, starEdits } from './hidden.js';
import { positionDeletesOf } from './position-deletes.js';

export type { BoundQuery } from './bindings.js';

const DEEPEST_VIEW = 16;

const OTHER_NAMES = new RegExp(`\\b(?:${OTHER_HIDDEN_NAMES.join('|')})\\b`, 'i');

/** A number or a text, with or without its type in front. */
const LITERAL = /^(?:\d+|(?:[a-z_]+\s+)?'(?:[^']|'')*')$/i;

/** A version as its number or name; a time as milliseconds since the epoch. */
const VALUE_OF = {
  version: (value: string) => `CAST(${value} AS VARCHAR)`,
  timestamp: (value: string) => `CAST(epoch_ms(CAST(${value} AS TIMESTAMPTZ)) AS VARCHAR)`,
};
export class Binder {
  readonly #tables = new Map<string, PinnedTable>();
  readonly #rows = new Map<string, RowsTable | ListedTable>();
  readonly #loading = new Map<string, Promise<PinnedTable | View>>();
  /** What has a binding name, by the name in lower case: the engine does not tell upper from lower case. */
  readonly #named = new Map<string, unknown>();
  /** Rows of DESCRIBE and SHOW, by their text. */
  readonly #shown = new Map<string, RowsTable>();
  #otherNames = false;
  readonly #viewTexts: TextBudget;

  constructor(
    private readonly statement: StatementContext,
    private readonly pins: readonly SnapshotPin[] = [],
    /** Tables that are not to be loaded again: what a statement changes, it reads in one state throughout. */
    known: readonly PinnedTable[] = [],
  ) {
    this.#viewTexts = new TextBudget(statement.environment.limits.statementBytes);
    for (const table of known) this.#loading.set(tableKey(table.name), Promise.resolve(table));
  }

  /**
   * Binds one query; with `asView` as it will read for whoever uses it as a view, without the session's temporary tables. Unknown table:
   * NOT_FOUND; a syntax error: INVALID_ARGUMENT with line and column.
   */
  async bind(sql: string, { asView = false } = {}): Promise<BoundQuery> {
    const names = { catalogs: [...this.statement.environment.catalogs.keys()], session: this.statement.call.session };
    const scope = { names, depth: 0, isOwn: !asView };
    const bound = await this.#bound(sql, scope);
    if (!OTHER_NAMES.test(sql) || !(await this.#misses(bound))) return bound;
    this.#otherNames = true;
    this.#tables.clear();
    this.#rows.clear();
    this.#named.clear();
    return this.#bound(sql, scope);
  }

  async #bound(sql: string, scope: TextScope): Promise<BoundQuery> {
    const { text, parsed } = await this.#bindText(sql, scope);
    return {
      sql: text,
      tables: this.#tables,
      rows: this.#rows,
      functions: functionsFor(this.statement, text),
      parameterCount: parsed.parameterCount,
    };
  }

  /** Whether the query can't be read without the names that DuckDB has for hidden columns. */
  async #misses(bound: BoundQuery): Promise<boolean> {
    const { engine } = await this.statement.environment.instance(this.statement.call);
    try {
      await engine.describe(bound.sql, bindingsOf(bound), this.statement.call.signal);
      return false;
    } catch (error) {
      return missesOtherName(error);
    }
  }

  /** Whether something of that name was looked up, also by a view. */
  refersTo(name: TableName): boolean {
    return this.#loading.has(tableKey(name));
  }

  async #bindText(sql: string, scope: TextScope): Promise<{ text: string; parsed: ParsedQuery }> {
    const shown = await this.#shownRows(sql, scope);
    const isCatalog = (name: string) => findCatalog(scope.names, name) !== undefined;
    const normal = await inTurns(normalizeSteps(shown, isCatalog, this.#variables(scope)));
    const { engine } = await this.statement.environment.instance(this.statement.call);
    const parsed = await engine.parser.parseQuery(normal);
    const hidden: HiddenReference[] = [];
    const edits = await Promise.all(
      parsed.tables.map(async (reference) => {
        const text = await this.#bindReference(parsed, reference, scope, hidden);
        const alias = reference.alias === undefined ? ` AS ${quoteName(nameOf(reference))}` : '';
        const edit = { start: reference.start, end: reference.end, text: `${text}${alias}` };
        return reference.at ? [edit, { ...reference.at, text: '' }] : [edit];
      }),
    );
    const all = [...edits.flat(), ...columnEdits(parsed), ...starEdits(parsed, hidden)];
    return { text: await inTurns(editSteps(normal, all)), parsed };
  }

  /** Those of the session, which views don't have. */
  #variables({ isOwn }: TextScope): VariableValue {
    if (isOwn) return variablesOf(this.statement);
    return (name) => {
      throw new SkuaError('INVALID_ARGUMENT', `A view can't use the variable "${name}", which belongs to a session`);
    };
  }

  /** The text with a name in the place of each statement that stands in a FROM clause, and the rows of those kept under their names. */
  async #shownRows(sql: string, { isOwn }: TextScope): Promise<string> {
    if (!/\(\s*(?:desc|describe|show)\b/i.test(sql)) return sql;
    const statements = shownStatements(sql, tokenize(sql));
    if (statements.length > 0 && !isOwn) {
      throw new SkuaError(
        'UNIMPLEMENTED',
        'A view can not read from DESCRIBE or SHOW; information_schema has the same in tables',
      );
    }
    for (const { sql: text, name } of statements)
      this.#shown.set(name, await this.statement.shown(this.statement, text));
    return applyEdits(
      sql,
      statements.map(({ edit }) => edit),
    );
  }

  /** What stands in the place of the reference; the hidden columns that it is bound with are added to `hidden`. */
  async #bindReference(
    parsed: ParsedQuery,
    written: TableReference,
    scope: TextScope,
    hidden: HiddenReference[],
  ): Promise<string> {
    const { names: context, isOwn } = scope;
    const reference = written.at
      ? { ...written, at: { ...written.at, ...(await this.#constant(written.at)) } }
      : written;
    if (isChangesTable(reference)) return this.#changes(reference, context);
    const shown = reference.path.length === 1 ? this.#shown.get(reference.path[0] as string) : undefined;
    const rows =
      shown ??
      (isOwn ? temporaryTable(this.statement, reference.path) : undefined) ??
      this.statement.informationSchema(this.statement, context, reference.path) ??
      (await metadataTableOf(this.statement, context, reference)) ??
      (await positionDeletesOf(this.statement, context, reference));
    if (rows) return this.#addRows(rows);
    const temporary = isOwn ? temporaryView(this.statement, reference.path) : undefined;
    if (temporary) return this.#expandTemporary(temporary, scope);
    const name = resolveTable(context, reference.path);
    const found = await this.#load(name);
    if ('sql' in found) {
      if (reference.at)
        throw new SkuaError('INVALID_ARGUMENT', `View ${displayName(name)} has no versions to travel to`);
      return this.#expandView(found, scope);
    }
    const table = this.#pinned(found, written.at, reference.at);
    const columns = namedHiddenColumns(parsed, reference, table, this.#otherNames);
    if (columns.length === 0) return this.#addTable(table);
    hidden.push({ scope: reference.scope, table: nameOf(reference), columns });
    return this.#addTable({ ...table, hidden: columns });
  }

  /** The net changes between two snapshots, with `_change_type` INSERT or DELETE. */
  async #changes(reference: TableReference, context: NameContext): Promise<string> {
    const path = [...reference.path.slice(0, -1), (reference.path.at(-1) as string).replace(/\$changes$/i, '')];
    const found = await this.#load(resolveTable(context, path));
    if ('sql' in found) throw new SkuaError('INVALID_ARGUMENT', `View ${displayName(found.name)} has no changes`);
    const tables = travelForChanges(found, reference.at);
    const [added, removed] = [this.#addTable(tables.added), this.#addTable(tables.removed)];
    const difference = (of: string, without: string, type: string) =>
      `SELECT *, '${type}' AS _change_type FROM (SELECT * FROM ${of} EXCEPT ALL SELECT * FROM ${without})`;
    return `(${difference(added, removed, 'INSERT')} UNION ALL ${difference(removed, added, 'DELETE')})`;
  }

  #load(name: TableName): Promise<PinnedTable | View> {
    const key = tableKey(name);
    let loading = this.#loading.get(key);
    if (!loading) {
      loading = loadTableOrView(this.statement, name).catch((error) => {
        throw withMetadataTables(error, name);
      });
      this.#loading.set(key, loading);
    }
    return loading;
  }

  /** The value of a clause that is no literal, such as `now() - INTERVAL 1 DAY`. */
  async #constant(at: TimeTravel): Promise<TimeTravel> {
    if (LITERAL.test(at.text)) return at;
    const { environment, call } = this.statement;
    const sql = `SELECT ${VALUE_OF[at.unit](`(${at.text}\n)`)} AS value`;
    const { engine } = await environment.instance(call);
    const { tables, parameterCount } = await engine.parser.parseQuery(sql);
    if (tables.length > 0 || parameterCount > 0) {
      throw new SkuaError(
        'INVALID_ARGUMENT',
        `"${at.text}" is no constant; a version or time can't depend on tables or parameters`,
      );
    }
    const { schema, batches } = await engine.run(sql, functionsFor(this.statement, sql), {
      signal: call.signal,
      batchBytes: 1 << 16,
    });
    let value: unknown;
    for await (const batch of batches) value = batchToRows(schema, batch)[0]?.[0];
    if (typeof value !== 'string')
      throw new SkuaError('INVALID_ARGUMENT', `"${at.text}" is null and names no version or time`);
    return { unit: at.unit, text: quoteString(value) };
  }

  /** `constant` is what the clause says, `at` how it is written, which stays the same where its value does not. */
  #pinned(loaded: PinnedTable, at: TimeTravel | undefined, constant: TimeTravel | undefined): PinnedTable {
    const table = at && constant ? { ...travel(loaded, constant), at: clauseKey(at) } : loaded;
    const pin = this.pins.find(
      (candidate) =>
        candidate.catalog === table.name.catalog &&
        candidate.table === table.name.name &&
        schemaName(candidate.namespace) === schemaName(table.name.namespace) &&
        candidate.at === (at && clauseKey(at)),
    );
    return pin ? atPin(table, pin) : table;
  }

  #addTable(pinned: PinnedTable): string {
    const table = withBarrier(this.statement, pinned);
    const plain = displayName(table.name);
    const version = table.at === undefined ? '' : ` at ${table.at}`;
    const readable = [plain + version, ...(table.hidden ?? [])].join(' + ');
    const name = this.#bindingName(readable, JSON.stringify([tableKey(table.name), table.at, table.hidden]));
    this.#tables.set(name, table);
    return quoteName(name);
  }

  #addRows(rows: RowsTable | ListedTable): string {
    const name = this.#bindingName(rows.name, rows);
    this.#rows.set(name, { ...rows, name });
    return quoteName(name);
  }

  /** The readable name, unless something else has it: names of Iceberg may hold dots, and may differ in case alone. */
  #bindingName(readable: string, key: unknown): string {
    for (let attempt = 1; ; attempt++) {
      const name = attempt === 1 ? readable : `${readable} (${attempt})`;
      const taken = this.#named.get(name.toLowerCase());
      if (taken !== undefined && taken !== key) continue;
      this.#named.set(name.toLowerCase(), key);
      return name;
    }
  }

  /** Reads what else is temporary, and the session's variables as they are now. */
  async #expandTemporary({ name, sql, columns, session }: TemporaryView, scope: TextScope): Promise<string> {
    const inner = within(scope, name, { session, isOwn: true });
    const { text } = await this.#bindText(sql, inner);
    const names = columns.length > 0 ? `(${columns.map(quoteName).join(', ')})` : '';
    return `(SELECT * FROM (${text}\n) AS ${quoteName('view')}${names})`;
  }

  async #expandView(view: View, scope: TextScope): Promise<string> {
    requireDialect(view, viewDialects(this.statement, view.name));
    this.#viewTexts.take(view.sql, `The text of view ${displayName(view.name)}, with those of the views around it,`);
    const session = { catalog: view.defaultCatalog, schema: view.defaultNamespace };
    const inner = within(scope, displayName(view.name), { session, isOwn: false });
    const { text, parsed } = await this.#bindText(view.sql, inner).catch((error) => {
      throw unreadable(view, error);
    });
    if (parsed.parameterCount > 0) {
      throw new SkuaError('INVALID_ARGUMENT', `View ${displayName(view.name)} has parameters`);
    }
    // A comment at the end of the view's text must end with it.
    if (view.columns.length === 0) return `(${text}\n)`;
    const names = view.columns.map(({ name }) => quoteName(name));
    const declared = view.columns.map(({ type }, index) =>
      type === undefined ? names[index] : `CAST(${names[index]} AS ${type}) AS ${names[index]}`,
    );
    return `(SELECT ${declared.join(', ')} FROM (${text}\n) AS ${quoteName('view')}(${names.join(', ')}))`;
  }
}

/** Where a text stands: how names in it are looked up, in how many views it is, and whether it sees what belongs to the session. */
interface TextScope {
  names: NameContext;
  depth: number;
  isOwn: boolean;
}

/** The scope of a view's text. */
function within(
  { names, depth }: TextScope,
  view: string,
  { session, isOwn }: Pick<NameContext, 'session'> & Pick<TextScope, 'isOwn'>,
): TextScope {
  if (depth >= DEEPEST_VIEW) {
    throw new SkuaError('INVALID_ARGUMENT', `View ${view} is nested too deeply, or refers to itself`);
  }
  return { names: { catalogs: names.catalogs, session }, depth: depth + 1, isOwn };
}

/** A text that can't be parsed is no fault of the query's: views are kept in the dialect of whoever made them. */
function unreadable(view: View, error: unknown): unknown {
  if (!(error instanceof SkuaError) || error.code !== 'INVALID_ARGUMENT' || !/syntax error/.test(error.message)) {
    return error;
  }
  return new SkuaError(
    'UNIMPLEMENTED',
    `View ${displayName(view.name)} is written in the dialect "${view.dialect}" and can't be read: ${error.message}`,
    { cause: error },
  );
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
