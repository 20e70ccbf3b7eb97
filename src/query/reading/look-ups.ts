/** The tables and views that a statement looked up, each once and all in one state, whichever views lead to them. */
import { isDeepStrictEqual } from 'node:util';
import { recoverFiles } from '../committing/recovery.js';
import type { StatementContext } from '../environment.js';
import { stateKey, withState } from '../tables/branch-state.js';
import { forReading } from '../tables/branches.js';
import { withMetadataTables } from '../tables/metadata-tables.js';
import { referencedBy, type TableName, tableKey } from '../tables/names.js';
import { inStateOf, loadTableOrView, type PinnedTable, withAllSnapshots } from '../tables/tables.js';
import type { View } from '../tables/views.js';

export class LookUps {
  readonly #statement: StatementContext;
  readonly #loading = new Map<string, Promise<PinnedTable | View>>();
  readonly #found: { name: TableName; views: readonly TableName[]; loading: Promise<PinnedTable | View> }[] = [];
  readonly #states = new Map<string, PinnedTable>();
  readonly #branches = new Map<string, PinnedTable>();
  readonly #names = new Set<string>();

  /** `known`: tables that are not to be loaded again. */
  constructor(statement: StatementContext, known: readonly PinnedTable[]) {
    this.#statement = statement;
    for (const table of known) {
      this.#names.add(tableKey(table.name));
      this.#states.set(tableKey(table.name), table.branch?.isNamed ? ofMain(table) : table);
      if (table.branch?.isNamed) this.#branches.set(stateKey(table), table);
      else this.#loading.set(lookUpKey(table.name, []), Promise.resolve(table));
    }
  }

  /** A known table in the state of a branch that the statement names. */
  branch(name: TableName, branch: string): PinnedTable | undefined {
    return this.#branches.get(stateKey({ name, branch: { name: branch, isNamed: true } }));
  }

  /** Whether something of that name was looked up. */
  has(name: TableName): boolean {
    return this.#names.has(tableKey(name));
  }

  /**
   * What a name stands for, to which these views led, outermost first. Of a table's snapshots, those may be missing that no branch or tag names.
   */
  find(name: TableName, views: readonly TableName[]): Promise<PinnedTable | View> {
    this.#names.add(tableKey(name));
    const key = lookUpKey(name, views);
    let loading = this.#loading.get(key);
    if (!loading) {
      loading = this.#load(name, views).catch((error) => {
        throw withMetadataTables(error, name);
      });
      this.#loading.set(key, loading);
      const found = { name, views, loading };
      // A name that nothing has may still stand for a branch of a table, which is looked up then.
      void loading.then(
        () => this.#found.push(found),
        () => undefined,
      );
    }
    return loading;
  }

  /**
   * Looks up the same again, for the same caller, and says whether that may still be seen in just the way that it was. Fails as the first time it
   * would have failed.
   */
  async areStillReadable(statement: StatementContext): Promise<boolean> {
    const again = new LookUps(statement, []);
    const same = await Promise.all(
      this.#found.map(async ({ name, views, loading }) => isAlike(await loading, await again.find(name, views))),
    );
    return same.every(Boolean);
  }

  /** The table with all of its snapshots. */
  whole(table: PinnedTable, views: readonly TableName[]): Promise<PinnedTable> {
    return withAllSnapshots(this.#statement, table, { referencedBy: referencedBy(table.name, views) });
  }

  async #load(name: TableName, views: readonly TableName[]): Promise<PinnedTable | View> {
    const options = { snapshots: 'refs' as const, referencedBy: referencedBy(name, views) };
    const found = await loadTableOrView(this.#statement, name, options);
    if ('sql' in found) return found;
    recoverFiles(this.#statement, found);
    const first = this.#states.get(tableKey(name));
    if (!first) this.#states.set(tableKey(name), found);
    return forReading(this.#statement, first ? inStateOf(first, found) : found);
  }
}

function ofMain({ branch: _, ...table }: PinnedTable): PinnedTable {
  return withState(table, table.metadata);
}

function isAlike(before: PinnedTable | View, now: PinnedTable | View): boolean {
  if ('sql' in before || 'sql' in now) return isDeepStrictEqual(before, now);
  return (
    before.metadata.tableUuid === now.metadata.tableUuid &&
    before.loaded.scanPlanningMode === now.loaded.scanPlanningMode &&
    isDeepStrictEqual(before.loaded.restrictions, now.loaded.restrictions)
  );
}

/** Tells apart what was looked up through different views: the catalog's terms may differ. */
export function lookUpKey(name: TableName, views: readonly TableName[]): string {
  return JSON.stringify([tableKey(name), ...views.map(tableKey)]);
}
