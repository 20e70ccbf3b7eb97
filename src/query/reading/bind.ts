/**
 * Binds a query: finds each table it refers to, replaces the references by binding names, and expands views. What comes out is a text
 * in which every table is one of the given bindings.
 */
import type { FunctionCorrection, ParsedQuery, TableReference } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import { OTHER_HIDDEN_NAMES } from '../../iceberg/index.js';
import { inTurns, quoteName, quoteString, TextBudget, tokenize } from '../../sql/index.js';
import type { PlannedState, SnapshotPin } from '../contract.js';
import type { StatementContext } from '../environment.js';
import type { ListedTable, RowsTable } from '../rows.js';
import { hintedEngine } from '../session/engine.js';
import { variablesOf } from '../session/variable-values.js';
import { normalizeSteps } from '../syntax/normalize.js';
import { applyEdits, type Edit, editSteps } from '../syntax/rewrite.js';
import { shownStatements } from '../syntax/shown.js';
import type { VariableValue } from '../syntax/variables.js';
import { ifThere, referenceInPath } from '../tables/branch-state.js';
import { isChangesTable, metadataTableOf, schemaPropertiesOf } from '../tables/metadata-tables.js';
import { displayName, findCatalog, resolveTable, schemaName, type TableName } from '../tables/names.js';
import { atPin, type PinnedTable, viewDialects } from '../tables/tables.js';
import { type TemporaryView, temporaryTable, temporaryView } from '../tables/temporary.js';
import { clauseKey, type TimeTravel, travel, travelForChanges } from '../tables/travel.js';
import { requireDialect, type View } from '../tables/views.js';
import { type BoundQuery, statementOf } from './bound-query.js';
import { constantTravel } from './constant-travel.js';
import { functionsFor } from './functions.js';
import {
  type HiddenReference,
  missesOtherName,
  namedHiddenColumns,
  nameOf,
  namesWholeRow,
  starEdits,
  withWholeRow,
} from './hidden.js';
import { LookUps, lookUpKey } from './look-ups.js';
import { NamePins } from './name-pins.js';
import { positionDeletesOf } from './position-deletes.js';
import { columnEdits } from './qualified-columns.js';
import { storedRows } from './stored-rows.js';
import { type TextScope, within } from './text-scope.js';
import { computedRows, keptRows, unreadable } from './view-text.js';

export type { BoundQuery } from './bound-query.js';

const OTHER_NAMES = new RegExp(`\\b(?:${OTHER_HIDDEN_NAMES.join('|')})\\b`, 'i');

export class Binder {
  readonly #statement: StatementContext;
  readonly #pins: readonly SnapshotPin[];
  readonly #namePins: NamePins;
  readonly #tables = new Map<string, PinnedTable>();
  readonly #rows = new Map<string, RowsTable | ListedTable>();
  readonly #lookUps: LookUps;
  /** What has a binding name, by the name in lower case: the engine does not tell upper from lower case. */
  readonly #named = new Map<string, unknown>();
  /** Rows of DESCRIBE and SHOW, by their text. */
  readonly #shown = new Map<string, RowsTable>();
  /** Functions that take the place of the engine's, by their names: for all texts of the statement. */
  readonly #corrections = new Map<string, FunctionCorrection>();
  #otherNames = false;
  #readsNames = false;
  /** Whether what stands in the place of each name gives its rows one by one from those of a table. */
  #isOfRows = true;
  /** The catalogs' views that are expanded. */
  readonly #views: View[] = [];
  #computesViews = false;
  readonly #viewTexts: TextBudget;

  constructor(
    statement: StatementContext,
    { pins = [], namePins }: PlannedState = {},
    /** Tables that are not to be loaded again: what a statement changes, it reads in one state throughout. Or all that it has looked up. */
    known: readonly PinnedTable[] | LookUps = [],
  ) {
    this.#statement = statement;
    this.#pins = pins;
    this.#namePins = new NamePins(namePins);
    this.#viewTexts = new TextBudget(statement.environment.limits.statementBytes);
    this.#lookUps = known instanceof LookUps ? known : new LookUps(statement, known);
  }

  /**
   * Binds one query; with `asView` as it will read for whoever uses it as a view, without the session's temporary tables. Unknown table:
   * NOT_FOUND; a syntax error: INVALID_ARGUMENT with line and column; a table or view that was replaced since it was planned: FAILED_PRECONDITION.
   */
  async bind(sql: string, { asView = false } = {}): Promise<BoundQuery> {
    const scope = { ...this.#scope(), isOwn: !asView };
    return this.#withHiddenNames(sql, async () => this.#bound(await this.#bindText(sql, scope), sql));
  }

  /**
   * Binds the query of a view, which other views led to, with the columns that the view declares, to what its readers would read; `computesViews`: also
   * where the rows of a materialized view in it are kept, to what they are computed from.
   */
  async bindView(view: View, { views = [], computesViews = false }: ViewOptions = {}): Promise<BoundQuery> {
    this.#computesViews = computesViews;
    const scope = { ...this.#scope(), views, isOwn: false };
    return this.#withHiddenNames(view.sql, async () => {
      const { text, parsed } = await this.#expandView(view, scope);
      return this.#bound({ text: `SELECT * FROM ${text} AS ${quoteName('view')}`, parsed });
    });
  }

  #scope(): TextScope {
    const { environment, call } = this.#statement;
    const names = { catalogs: [...environment.catalogs.keys()], session: call.session };
    return { names, depth: 0, views: [], isOwn: true };
  }

  /** Binds once more, by the names that DuckDB has for hidden columns, where the text can't be read without them. */
  async #withHiddenNames(sql: string, bind: () => Promise<BoundQuery>): Promise<BoundQuery> {
    const bound = await bind();
    if (!OTHER_NAMES.test(sql) || !(await this.#misses(bound))) return bound;
    this.#otherNames = true;
    this.#tables.clear();
    this.#rows.clear();
    this.#named.clear();
    this.#views.length = 0;
    return bind();
  }

  /** `hints`: the text that may name an engine. */
  #bound({ text, parsed }: BoundText, hints?: string): BoundQuery {
    const { isRowByRow, rowLimit } = parsed;
    const isOfRows = (isRowByRow || rowLimit !== undefined) && this.#isOfRows && this.#rows.size === 0;
    return {
      sql: text,
      tables: this.#tables,
      rows: this.#rows,
      functions: [...functionsFor(this.#statement, text), ...this.#corrections.values()],
      parameterCount: parsed.parameterCount,
      engine: hints === undefined ? undefined : hintedEngine(hints),
      lookUps: this.#lookUps,
      views: this.#views,
      namePins: this.#namePins.finish(),
      rowByRow: isOfRows ? { limit: rowLimit } : undefined,
      isDivisible: isOfRows && isRowByRow && !this.#readsNames && [...this.#tables.values()].every(isWhole),
    };
  }

  /** Whether the query can't be read without the names that DuckDB has for hidden columns. */
  async #misses(bound: BoundQuery): Promise<boolean> {
    const { environment, call } = this.#statement;
    const engine = await environment.engine(call);
    try {
      await engine.describe(statementOf(this.#statement, bound), { signal: call.signal });
      return false;
    } catch (error) {
      return missesOtherName(error);
    }
  }

  /** Whether something of that name was looked up, also by a view. */
  refersTo(name: TableName): boolean {
    return this.#lookUps.has(name);
  }

  async #bindText(sql: string, scope: TextScope): Promise<BoundText> {
    const shown = await this.#shownRows(sql, scope);
    const isCatalog = (name: string) => findCatalog(scope.names, name) !== undefined;
    const normal = await inTurns(normalizeSteps(shown, isCatalog, this.#variables(scope)));
    const { environment, call } = this.#statement;
    const engine = await environment.engine(call);
    const parsed = await engine.parser.parseQuery(normal, { statement: call.id, signal: call.signal });
    const hidden: HiddenReference[] = [];
    const edits = await Promise.all(
      parsed.tables.map(async (reference) => {
        const text = await this.#bindReference(parsed, reference, scope, hidden);
        const alias = reference.alias === undefined ? ` AS ${quoteName(nameOf(reference))}` : '';
        const edit = { start: reference.start, end: reference.end, text: `${text}${alias}` };
        return reference.at ? [edit, { ...reference.at, text: '' }] : [edit];
      }),
    );
    const all = [
      ...edits.flat(),
      ...columnEdits(parsed, scope.names),
      ...starEdits(parsed, hidden),
      ...this.#correct(parsed),
    ];
    return { text: await inTurns(editSteps(normal, all)), parsed };
  }

  #correct({ corrections }: ParsedQuery): Edit[] {
    for (const correction of corrections.functions) this.#corrections.set(correction.name, correction);
    return corrections.edits;
  }

  /** Those of the session, which views don't have. */
  #variables({ isOwn }: TextScope): VariableValue {
    const values = variablesOf(this.#statement);
    return (name) => {
      if (isOwn) {
        const value = values(name);
        this.#readsNames = true;
        this.#namePins.read(`variable ${name}`, [value]);
        return value;
      }
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
      this.#shown.set(name, await this.#statement.shown(this.#statement, text));
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
      ? { ...written, at: { ...written.at, ...(await constantTravel(this.#statement, written.at)) } }
      : written;
    if (isChangesTable(reference)) return this.#changes(reference, scope);
    const shown = reference.path.length === 1 ? this.#shown.get(reference.path[0] as string) : undefined;
    const rows =
      shown ??
      (isOwn ? temporaryTable(this.#statement, reference.path) : undefined) ??
      this.#statement.informationSchema(this.#statement, context, reference.path) ??
      (await metadataTableOf(this.#statement, scope, reference)) ??
      (await schemaPropertiesOf(this.#statement, scope.names, reference)) ??
      (await positionDeletesOf(this.#statement, scope, reference));
    if (rows) return this.#addRows(rows);
    const temporary = isOwn ? temporaryView(this.#statement, reference.path) : undefined;
    if (temporary) return this.#expandTemporary(temporary, scope);
    const found = await this.#find(reference, scope);
    if ('sql' in found) {
      if (reference.at)
        throw new SkuaError('INVALID_ARGUMENT', `View ${displayName(found.name)} has no versions to travel to`);
      return (await this.#stored(found, scope)) ?? (await this.#expandView(found, scope)).text;
    }
    const table = await this.#pinned(found, scope, { written: written.at, constant: reference.at });
    const columns = namedHiddenColumns(parsed, reference, table, this.#otherNames);
    if (columns.length === 0) return this.#addTable(table, scope);
    const name = nameOf(reference);
    const isWhole = namesWholeRow(parsed, reference, table);
    hidden.push({ scope: reference.scope, table: name, columns: isWhole ? [...columns, name] : columns });
    const text = this.#addTable({ ...table, hidden: columns }, scope);
    return isWhole ? withWholeRow(text, name, table) : text;
  }

  /** The net changes between two snapshots, with `_change_type` INSERT or DELETE. */
  async #changes(reference: TableReference, scope: TextScope): Promise<string> {
    const path = [...reference.path.slice(0, -1), (reference.path.at(-1) as string).replace(/\$changes$/i, '')];
    const found = await this.#lookUps.find(resolveTable(scope.names, path), scope.views);
    if ('sql' in found) throw new SkuaError('INVALID_ARGUMENT', `View ${displayName(found.name)} has no changes`);
    const tables = travelForChanges(await this.#lookUps.whole(found, scope.views), reference.at);
    this.#isOfRows = false;
    const [added, removed] = [this.#addTable(tables.added, scope), this.#addTable(tables.removed, scope)];
    const difference = (of: string, without: string, type: string) =>
      `SELECT *, '${type}' AS _change_type FROM (SELECT * FROM ${of} EXCEPT ALL SELECT * FROM ${without})`;
    return `(${difference(added, removed, 'INSERT')} UNION ALL ${difference(removed, added, 'DELETE')})`;
  }

  /** The table or view of a path, or where there is none, the branch or tag of a table that its last name stands for. */
  async #find({ path, at }: TableReference, { names, views }: TextScope): Promise<PinnedTable | View> {
    const reference = referenceInPath(path);
    if (!reference) return this.#lookUps.find(resolveTable(names, path), views);
    const base = resolveTable(names, reference.table);
    const changed = this.#lookUps.branch(base, reference.name);
    if (changed) return changed;
    try {
      return await this.#lookUps.find(resolveTable(names, path), views);
    } catch (error) {
      if (!(error instanceof SkuaError) || error.code !== 'NOT_FOUND') throw error;
      const table = await ifThere(this.#lookUps.find(base, views));
      if (!table || 'sql' in table) throw error;
      if (at) {
        throw new SkuaError('INVALID_ARGUMENT', `The ${reference.type} ${reference.name} has no versions to travel to`);
      }
      return travel(table, { unit: 'version', text: quoteString(reference.name) });
    }
  }

  /** `constant` is what the clause says; how it is written stays the same where its value does not. */
  async #pinned(
    loaded: PinnedTable,
    scope: TextScope,
    { written: at, constant }: { written: TimeTravel | undefined; constant: TimeTravel | undefined },
  ): Promise<PinnedTable> {
    const table =
      at && constant
        ? { ...travel(await this.#lookUps.whole(loaded, scope.views), constant), at: clauseKey(at) }
        : loaded;
    const pin = this.#pins.find(
      (candidate) =>
        candidate.catalog === table.name.catalog &&
        candidate.table === table.name.name &&
        schemaName(candidate.namespace) === schemaName(table.name.namespace) &&
        candidate.at === table.at,
    );
    if (!pin) return table;
    const { metadata } = table;
    const isThere = metadata.snapshots.some(({ snapshotId }) => snapshotId === pin.snapshotId);
    return atPin(isThere ? table : await this.#lookUps.whole(table, scope.views), pin);
  }

  /** A table that is read through a view has a scan of its own: the catalog's terms for it may be others. */
  #addTable(table: PinnedTable, { views }: TextScope): string {
    const plain = displayName(table.name);
    const state = table.at ?? (table.branch?.isNamed ? `branch ${table.branch.name}` : undefined);
    const version = state === undefined ? '' : ` at ${state}`;
    const readable = [plain + version, ...(table.hidden ?? [])].join(' + ');
    const name = this.#bindingName(readable, JSON.stringify([lookUpKey(table.name, views), state, table.hidden]));
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
    this.#readsNames = true;
    this.#namePins.read(`temporary view ${name}`, [sql, columns, session.catalog, session.schema]);
    const inner = within(scope, name, { session, isOwn: true, views: scope.views });
    const { text, parsed } = await this.#bindText(sql, inner);
    this.#isOfRows &&= parsed.isRowByRow;
    const names = columns.length > 0 ? `(${columns.map(quoteName).join(', ')})` : '';
    return `(SELECT * FROM (${text}\n) AS ${quoteName('view')}${names})`;
  }

  /** The kept rows of a materialized view, where they are what its query would give now; undefined where they are not. */
  async #stored(view: View, scope: TextScope): Promise<string | undefined> {
    if (!view.storageTable || this.#computesViews) return undefined;
    const inner = { ...scope, views: [...scope.views, view.name] };
    const binder = new Binder(this.#statement, { pins: [...this.#pins] }, this.#lookUps);
    const kept = `kept rows of view ${displayName(view.name)}`;
    const stored = await storedRows(this.#statement, {
      view,
      storage: this.#lookUps.find(view.storageTable, inner.views),
      isPlanned: this.#namePins.isPlanned(kept),
      bindQuery: () => binder.bindView(view, { views: scope.views, computesViews: true }),
    });
    if (!stored) return undefined;
    this.#noteView(view);
    this.#namePins.read(kept, [stored.table.metadata.tableUuid]);
    this.#views.push(...stored.bound.views);
    const table = await this.#pinned(stored.table, inner, { written: undefined, constant: undefined });
    return keptRows(view, this.#addTable(table, inner));
  }

  #noteView(view: View): void {
    this.#readsNames = true;
    this.#views.push(view);
    const { sql, dialect, defaultCatalog, defaultNamespace, columns } = view;
    this.#namePins.read(`view ${displayName(view.name)}`, [sql, dialect, defaultCatalog, defaultNamespace, columns]);
  }

  async #expandView(view: View, scope: TextScope): Promise<BoundText> {
    this.#noteView(view);
    requireDialect(view, viewDialects(this.#statement, view.name));
    this.#viewTexts.take(view.sql, `The text of view ${displayName(view.name)}, with those of the views around it,`);
    const session = { catalog: view.defaultCatalog, schema: view.defaultNamespace };
    const views = [...scope.views, view.name];
    const inner = within(scope, displayName(view.name), { session, isOwn: false, views });
    const { text, parsed } = await this.#bindText(view.sql, inner).catch((error) => {
      throw unreadable(view, error);
    });
    if (parsed.parameterCount > 0) {
      throw new SkuaError('INVALID_ARGUMENT', `View ${displayName(view.name)} has parameters`);
    }
    this.#isOfRows &&= parsed.isRowByRow;
    return { text: computedRows(view, text), parsed };
  }
}

interface ViewOptions {
  /** Outermost first. */
  views?: readonly TableName[];
  computesViews?: boolean;
}

/** A text whose tables are bound. */
interface BoundText {
  text: string;
  parsed: ParsedQuery;
}

/**
 * The same for everybody who reads it, of this transaction or none: hashes that masks make differ from statement to statement, and what a
 * transaction changed is known to its server alone.
 */
function isWhole({ part, restrictions, isChanged, isStaged }: PinnedTable): boolean {
  return !part && !restrictions && !isChanged && !isStaged;
}
