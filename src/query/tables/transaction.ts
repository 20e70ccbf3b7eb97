/**
 * Transactions: each table is read in the state that it had when the transaction began. Changes are staged, seen by the transaction's
 * own statements, and committed together through the catalog's multi-table commit (Iceberg REST specification, "transactions/commit"). One
 * catalog for each transaction, since no commit spans two.
 */
import { randomUUID } from 'node:crypto';
import { SkuaError } from '../../errors.js';
import type { TableMetadata } from '../../iceberg/types.js';
import type { Call } from '../contract.js';
import { withState } from './branch-state.js';
import { displayName, type TableName, tableKey } from './names.js';
import type { PinnedTable } from './pinned-table.js';

/** A change as far as a transaction looks at it; whoever commits knows more of it. */
export interface StagedChange {
  /** The state that the proposal was made of. */
  state: PinnedTable;
  proposal: {
    /** The table with the change. */
    after: TableMetadata;
  };
  pending: {
    /** Removes what the change wrote. */
    removeAll(): Promise<void>;
  };
}

/** By table, each in order. */
export type StagedChanges = [StagedChange, ...StagedChange[]][];

/** A moment by the clock on the wall, in Unix milliseconds, and by `performance.now()`. */
export interface Moment {
  wall: number;
  monotonic: number;
}

function now(): Moment {
  return { wall: Date.now(), monotonic: performance.now() };
}

/** A table as a transaction knows it. */
interface KnownTable {
  /** As it was when the transaction began. */
  base: TableMetadata;
  /** With the transaction's own changes. */
  current: TableMetadata;
  /** In order. */
  changes: StagedChange[];
}

export class Transaction {
  readonly id = randomUUID();
  readonly #tables = new Map<string, KnownTable>();
  #moment: Moment | undefined;
  #ended = false;

  /** `isExplicit`: begun by a BEGIN that somebody wrote, and not by a driver that begins one unasked. */
  constructor(
    readonly isExplicit: boolean,
    /** Changes and definitions are refused. */
    readonly isReadOnly = false,
  ) {
    if (isExplicit) this.#moment = now();
  }

  /** Whose state it reads: that of BEGIN. Drivers begin the next one as soon as one ends; such a one begins when it first reads. */
  get moment(): Moment {
    this.#moment ??= now();
    return this.#moment;
  }

  /**
   * The table as the transaction sees it: as it was then, with its own changes. Another table that took the name of the one that it has
   * seen: ABORTED.
   */
  stateOf(table: PinnedTable): PinnedTable {
    const key = tableKey(table.name);
    const known = this.#tables.get(key) ?? { base: table.metadata, current: table.metadata, changes: [] };
    this.#tables.set(key, known);
    const metadata = known.current;
    if (metadata.tableUuid !== table.metadata.tableUuid) {
      throw new SkuaError(
        'ABORTED',
        `Table ${displayName(table.name)} was replaced by another one of that name since the transaction read it; begin it again`,
      );
    }
    const state = withState(table, metadata);
    return known.changes.length > 0 ? { ...state, isChanged: true } : state;
  }

  /** A table that the transaction has come to, as it sees it. */
  known(name: TableName): TableMetadata | undefined {
    return this.#tables.get(tableKey(name))?.current;
  }

  /** A table that the transaction creates, and that the catalog therefore doesn't know. */
  created(name: TableName): PinnedTable | undefined {
    const [first] = this.#tables.get(tableKey(name))?.changes ?? [];
    return first?.state.isStaged ? this.stateOf(first.state) : undefined;
  }

  /** Lets go of the states that it has seen, after a definition took effect beside it. It has no changes then. */
  forgetStates(): void {
    this.#tables.clear();
    this.#moment = undefined;
  }

  get hasChanges(): boolean {
    return this.changes.length > 0;
  }

  get changes(): StagedChanges {
    return [...this.#tables.values()].flatMap(({ changes: [first, ...others] }) =>
      first ? [[first, ...others] as [StagedChange, ...StagedChange[]]] : [],
    );
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Refuses changes where the transaction takes none: FAILED_PRECONDITION. */
  requireChangeable(): void {
    if (this.#ended) throw new SkuaError('FAILED_PRECONDITION', 'The transaction has ended');
    if (this.isReadOnly)
      throw new SkuaError('FAILED_PRECONDITION', 'The transaction is read only and takes no changes');
  }

  /**
   * Adds a change. False where another statement of the transaction changed the table since the state that it was made of, so that it has to be
   * made again. A transaction that has ended: FAILED_PRECONDITION.
   */
  stage(change: StagedChange): boolean {
    this.requireChangeable();
    const { name, metadata } = change.state;
    const [other] = this.changes.find(([{ state }]) => state.name.catalog !== name.catalog) ?? [];
    if (other) {
      throw new SkuaError(
        'FAILED_PRECONDITION',
        `A transaction changes tables of one catalog; this one began with ${other.state.name.catalog}`,
      );
    }
    const key = tableKey(name);
    const known = this.#tables.get(key) ?? { base: metadata, current: metadata, changes: [] };
    if (known.current !== metadata) return false;
    this.#tables.set(key, { ...known, current: change.proposal.after, changes: [...known.changes, change] });
    return true;
  }

  /** Ends the transaction and hands over its changes, by table. */
  end(): StagedChanges {
    if (this.#ended) throw new SkuaError('FAILED_PRECONDITION', 'The transaction has ended');
    this.#ended = true;
    return this.changes;
  }
}

interface Transactions {
  byId: Map<string, Transaction>;
  /** Begun by SQL; holds for every statement of the session that names no other. */
  current: Transaction | undefined;
}

const TRANSACTIONS = Symbol('transactions');
const bySession = new WeakMap<object, Transactions>();

async function transactionsOf(call: Call): Promise<Transactions> {
  return call.session.resource(
    TRANSACTIONS,
    async () => {
      const transactions: Transactions = { byId: new Map(), current: undefined };
      bySession.set(call.session.root, transactions);
      return transactions;
    },
    async (transactions) => {
      await Promise.all([...transactions.byId.values()].map((transaction) => rollback(transaction.end())));
    },
    ({ byId }) => (byId.size > 0 ? 'the open transaction' : undefined),
  );
}

/** The transaction of a statement: the one it names, or the one that the session's BEGIN opened. */
export function transactionOf(call: Call, id: string | undefined): Transaction | undefined {
  const transactions = bySession.get(call.session.root);
  if (id === undefined || id === '') return transactions?.current;
  const transaction = transactions?.byId.get(id);
  if (!transaction) throw new SkuaError('NOT_FOUND', 'There is no such transaction at this server, or it has ended');
  return transaction;
}

/** Begins a transaction; `current` makes it the session's own until it ends. */
export async function begin(call: Call, options: { current: boolean; readOnly?: boolean }): Promise<Transaction> {
  const transactions = await transactionsOf(call);
  if (options.current && transactions.current) {
    throw new SkuaError('FAILED_PRECONDITION', 'A transaction is already open in this session');
  }
  const transaction = new Transaction(options.current, options.readOnly);
  transactions.byId.set(transaction.id, transaction);
  if (options.current) transactions.current = transaction;
  call.report.keepsState = true;
  return transaction;
}

/** Takes a transaction out of its session. The session's own where no id is given: FAILED_PRECONDITION if there is none. */
export function endTransaction(call: Call, id?: string): StagedChanges {
  const transaction = transactionOf(call, id);
  if (!transaction) throw new SkuaError('FAILED_PRECONDITION', 'No transaction is open');
  const transactions = bySession.get(call.session.root);
  transactions?.byId.delete(transaction.id);
  if (transactions?.current === transaction) transactions.current = undefined;
  return transaction.end();
}

/** Refuses what would change something in a transaction that was begun READ ONLY: FAILED_PRECONDITION. */
export function refuseInReadOnly(transaction: Transaction | undefined, statement: string): void {
  if (!transaction?.isReadOnly) return;
  throw new SkuaError(
    'FAILED_PRECONDITION',
    `${statement} would change something, but the transaction is READ ONLY; end it first, or BEGIN without READ ONLY`,
  );
}

/** Removes what changes wrote that will never take effect. */
export async function rollback(changes: StagedChanges): Promise<void> {
  await Promise.all(changes.flat().map(({ pending }) => pending.removeAll()));
}
