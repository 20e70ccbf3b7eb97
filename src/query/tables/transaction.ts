/**
 * Transactions: changes to tables are staged, seen by the transaction's own statements, and committed together through the catalog's
 * multi-table commit (Iceberg REST specification, "transactions/commit"). One catalog for each transaction, since no commit spans two.
 */
import { randomUUID } from 'node:crypto';
import { SkuaError } from '../../errors.js';
import type { TableMetadata } from '../../iceberg/types.js';
import type { Session } from '../../session/session.js';
import type { Storage } from '../../storage/index.js';
import type { Call } from '../contract.js';
import { type TableName, tableKey } from './names.js';

export interface StagedChange {
  name: TableName;
  /** The table as it is after the change. */
  metadata: TableMetadata;
  requirements: Record<string, unknown>[];
  updates: Record<string, unknown>[];
  /** Locations that the change wrote, to be removed if it never takes effect. */
  written: string[];
  storage: Storage;
}

export class Transaction {
  readonly id = randomUUID();
  readonly #staged = new Map<string, StagedChange>();
  #ended = false;

  /** `isExplicit`: begun by a BEGIN that somebody wrote, and not by a driver that begins one unasked. */
  constructor(
    readonly isExplicit: boolean,
    /** Changes and definitions are refused. */
    readonly isReadOnly = false,
  ) {}

  /** The transaction's own state of a table it changed. */
  overlay(name: TableName): TableMetadata | undefined {
    return this.#staged.get(tableKey(name))?.metadata;
  }

  get hasChanges(): boolean {
    return this.#staged.size > 0;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Adds a change that was made of the table's state `base`. False where another statement of the transaction changed the table since, so
   * that the change has to be made again. A transaction that has ended: FAILED_PRECONDITION.
   */
  stage(change: StagedChange, base: TableMetadata): boolean {
    if (this.#ended) throw new SkuaError('FAILED_PRECONDITION', 'The transaction has ended');
    const other = [...this.#staged.values()].find(({ name }) => name.catalog !== change.name.catalog);
    if (other) {
      throw new SkuaError(
        'FAILED_PRECONDITION',
        `A transaction changes tables of one catalog; this one began with ${other.name.catalog}`,
      );
    }
    const key = tableKey(change.name);
    const before = this.#staged.get(key);
    if (before && before.metadata !== base) return false;
    this.#staged.set(key, {
      ...change,
      requirements: before ? before.requirements : change.requirements,
      updates: [...(before?.updates ?? []), ...change.updates],
      written: [...(before?.written ?? []), ...change.written],
    });
    return true;
  }

  /** Ends the transaction and hands over its changes. */
  end(): StagedChange[] {
    if (this.#ended) throw new SkuaError('FAILED_PRECONDITION', 'The transaction has ended');
    this.#ended = true;
    return [...this.#staged.values()];
  }
}

interface Transactions {
  byId: Map<string, Transaction>;
  /** Begun by SQL; holds for every statement of the session that names no other. */
  current: Transaction | undefined;
}

const TRANSACTIONS = Symbol('transactions');
const bySession = new WeakMap<Session, Transactions>();

async function transactionsOf(call: Call): Promise<Transactions> {
  return call.session.resource(
    TRANSACTIONS,
    async () => {
      const transactions: Transactions = { byId: new Map(), current: undefined };
      bySession.set(call.session, transactions);
      return transactions;
    },
    async (transactions) => {
      await Promise.all([...transactions.byId.values()].map((transaction) => rollback(transaction.end())));
    },
  );
}

/** The transaction of a statement: the one it names, or the one that the session's BEGIN opened. */
export function transactionOf(call: Call, id: string | undefined): Transaction | undefined {
  const transactions = bySession.get(call.session);
  if (id === undefined || id === '') return transactions?.current;
  const transaction = transactions?.byId.get(id);
  if (!transaction) throw new SkuaError('NOT_FOUND', 'There is no such transaction, or it has ended');
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
export function endTransaction(call: Call, id?: string): StagedChange[] {
  const transaction = transactionOf(call, id);
  if (!transaction) throw new SkuaError('FAILED_PRECONDITION', 'No transaction is open');
  const transactions = bySession.get(call.session);
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
export async function rollback(changes: readonly StagedChange[]): Promise<void> {
  await Promise.all(changes.map((change) => change.storage.remove(change.written)));
}
