import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readDocument, writeDocument } from '../persistence/atomic-file.js';
import { Turns } from '../persistence/turns.js';
import { dotted, type Namespace, type TableIdentifier } from './identifiers.js';
import type { Policy } from './policies.js';
import type { Grants } from './privileges.js';

export { dotted, type Namespace, type TableIdentifier } from './identifiers.js';

export interface NamespaceEntry {
  namespace: Namespace;
  properties: Record<string, string>;
}

/** A table or a view: where its newest metadata is. The two share their names. */
export interface TableLike extends TableIdentifier {
  kind: 'table' | 'view';
  location: string;
  metadataLocation: string;
}

/** What callers may do and see, at the start. */
export interface Rights {
  grants: Grants;
  policies: readonly Policy[];
}

interface StoreDocument extends Partial<Rights> {
  namespaces: NamespaceEntry[];
  tables: TableLike[];
}

const keyOf = (levels: Namespace) => levels.join('\u001f');

/** One state of a catalog. Changed only as a copy, by `CatalogStore.change`. */
export class CatalogState {
  constructor(
    readonly namespaces: Map<string, NamespaceEntry>,
    readonly tables: Map<string, TableLike>,
    /** By the names of tables; also of tables that are not there, for when there is one. */
    public policies: readonly Policy[],
  ) {}

  namespace(namespace: Namespace): NamespaceEntry | undefined {
    return this.namespaces.get(keyOf(namespace));
  }

  putNamespace(entry: NamespaceEntry): void {
    this.namespaces.set(keyOf(entry.namespace), entry);
  }

  dropNamespace(namespace: Namespace): void {
    this.namespaces.delete(keyOf(namespace));
  }

  /** Namespaces one level below. */
  childrenOf(parent: Namespace): NamespaceEntry[] {
    return [...this.namespaces.values()].filter(
      ({ namespace }) => namespace.length === parent.length + 1 && parent.every((level, at) => namespace[at] === level),
    );
  }

  tableLike(identifier: TableIdentifier): TableLike | undefined {
    return this.tables.get(keyOf([...identifier.namespace, identifier.name]));
  }

  putTableLike(entry: TableLike): void {
    this.tables.set(keyOf([...entry.namespace, entry.name]), entry);
  }

  dropTableLike(identifier: TableIdentifier): void {
    this.tables.delete(keyOf([...identifier.namespace, identifier.name]));
  }

  /** What holds for one table holds for the other too: the rows are the same. */
  extendPolicies(from: TableIdentifier, to: TableIdentifier): void {
    const extended = this.policies
      .filter(({ table }) => table === dotted(from))
      .map((policy) => ({ ...policy, table: dotted(to) }))
      .filter((policy) => !this.policies.some((held) => isDeepStrictEqual(held, policy)));
    this.policies = [...this.policies, ...extended];
  }

  tablesIn(namespace: Namespace): TableLike[] {
    const key = keyOf(namespace);
    return [...this.tables.values()].filter((entry) => keyOf(entry.namespace) === key);
  }
}

/** What the catalog must not forget; in a file, unless it is asked to keep it in memory only. */
export class CatalogStore {
  #current: CatalogState;
  readonly #file: string | undefined;
  readonly #turns = new Turns();

  private constructor(
    readonly grants: Grants,
    current: CatalogState,
    file: string | undefined,
  ) {
    this.#current = current;
    this.#file = file;
  }

  /** Rights given here take the place of those in the file. */
  static async open(file: string | undefined, given: Partial<Rights>, defaults: Rights): Promise<CatalogStore> {
    if (file !== undefined) await mkdir(dirname(file), { recursive: true });
    const stored = file === undefined ? undefined : ((await readDocument(file)) as StoreDocument | undefined);
    const policies = given.policies ?? stored?.policies ?? defaults.policies;
    const state = new CatalogState(new Map(), new Map(), policies);
    for (const entry of stored?.namespaces ?? []) state.putNamespace(entry);
    for (const entry of stored?.tables ?? []) state.putTableLike(entry);
    const store = new CatalogStore(given.grants ?? stored?.grants ?? defaults.grants, state, file);
    await store.#save(state);
    return store;
  }

  get state(): CatalogState {
    return this.#current;
  }

  /** One change at a time, on a copy, which becomes the state once it is saved. A change that throws leaves all as it was. */
  change<T>(work: (draft: CatalogState) => Promise<T>): Promise<T> {
    return this.#turns.take(async () => {
      const { namespaces, tables, policies } = this.#current;
      const draft = new CatalogState(new Map(namespaces), new Map(tables), policies);
      const result = await work(draft);
      await this.#save(draft);
      this.#current = draft;
      return result;
    });
  }

  async #save(state: CatalogState): Promise<void> {
    if (this.#file === undefined) return;
    const document: StoreDocument = {
      grants: this.grants,
      policies: state.policies,
      namespaces: [...state.namespaces.values()],
      tables: [...state.tables.values()],
    };
    await writeDocument(this.#file, document);
  }
}
