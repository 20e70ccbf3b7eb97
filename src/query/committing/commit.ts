/**
 * The one place that commits: changes of rows, definitions, ingest, replacement and whole transactions alike. It waits for the writer's turn, asks
 * for a proposal on the newest state, sends it, makes it again where another commit was faster, and removes what was written for nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  addedSnapshots,
  CommitRefused,
  CommitStateUnknown,
  type IdentifiedCommit,
  type LoadedTable,
  RequestKey,
} from '../../catalog/index.js';
import { SkuaError } from '../../errors.js';
import { commitReport } from '../../iceberg/index.js';
import type { TableMetadata } from '../../iceberg/types.js';
import type { StatementContext } from '../environment.js';
import { REPORTER, reportMetrics } from '../metrics-report.js';
import { carriedOver } from '../tables/branch-state.js';
import { displayName, type TableName, tableKey } from '../tables/names.js';
import { catalogOf, loadTable, type PinnedTable, pinned } from '../tables/tables.js';
import { noteWrite } from '../touched-tables.js';
import { refuseRepetition } from '../writing/execution.js';
import type { Proposal, Propose } from './contract.js';
import { lostRace } from './lost-race.js';
import { Pace } from './pace.js';
import { PendingFiles } from './pending-files.js';
import { recoverFiles } from './recovery.js';
import { withMetadata } from './state.js';
import type { Turn } from './turns.js';

/**
 * How long the other writers of this server wait, in milliseconds: for a catalog's answer, and for a change that is computed anew. For one that they
 * have made void by that, twice as long the next time.
 */
const LONGEST_ANSWER = 5_000;
const LONGEST_COMPUTATION = 60_000;

/** After so many turns in a row there is a gap for other servers, where one was lately seen at the table and where none was. */
const TURNS_AMONG_SERVERS = 2;
const TURNS_ALONE = 16;
/** In milliseconds. */
const LONGEST_GAP = 400;

/** One table of a commit. */
export interface Party {
  /** The state that was changed. */
  table: PinnedTable;
  propose: Propose;
  pending: PendingFiles;
  /** What earlier statements of a transaction wrote for it. */
  staged?: readonly PendingFiles[];
}

/**
 * Changes a table. `make` writes what it has to through the storage of the state that it is given, and says how the change is proposed; undefined
 * where there is none. In a transaction the change is staged, else it has taken effect when this returns. On failure nothing is left, unless
 * nobody knows whether the commit took effect (`CommitStateUnknown`).
 */
export async function changeTable(
  context: StatementContext,
  table: PinnedTable,
  make: (state: PinnedTable) => Promise<Propose | undefined>,
): Promise<void> {
  const pending = new PendingFiles(table, context.environment.journal);
  recoverFiles(context, table);
  await orDiscard([pending], async () => {
    const propose = await make(pending.over(table));
    if (!propose) return;
    const party = { table, propose, pending };
    if (context.transaction) await stage(context, party);
    else await commitParties(context, [party], { mayCompute: true });
  });
}

/** Does what writes files; where it fails they are removed, unless a snapshot may name them. */
export async function orDiscard<T>(pending: readonly PendingFiles[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CommitStateUnknown) {
      for (const files of pending) files.leave();
      throw error;
    }
    let failure: unknown = error;
    for (const files of pending) failure = await files.discard(failure);
    throw failure;
  }
}

/** Stages a change, made again where another statement of the transaction changed the table meanwhile. */
async function stage(context: StatementContext, { table, propose, pending }: Party): Promise<void> {
  const { transaction } = context;
  if (!transaction) return;
  for (let state = table; ; state = transaction.stateOf(state)) {
    const proposal = await propose(context, pending.over(state), { mayCompute: true });
    if (!proposal) return;
    const staged = { state, propose, proposal, pending, written: context.written };
    if (transaction.stage(staged)) return;
    await pending.remove(proposal.written);
  }
}

/** Commits to all of the tables at once, which are of one catalog. */
export async function commitParties(
  context: StatementContext,
  parties: readonly Party[],
  options: { mayCompute: boolean },
): Promise<void> {
  const { turns } = context.environment;
  const { principal, signal } = context.call;
  const keys = parties.map(({ table }) => tableKey(table.name));
  await turns.take(keys, `${principal.issuer}\n${principal.subject}`, signal, async (turn) => {
    let after: (TableMetadata | undefined)[] = [];
    try {
      after = await new Committing(context, parties, turn, options).run();
    } finally {
      for (const [index, key] of keys.entries()) turns.committed(key, after[index]);
    }
  });
}

class Committing {
  readonly #context: StatementContext;
  readonly #parties: readonly Party[];
  readonly #turn: Turn;
  readonly #options: { mayCompute: boolean };
  readonly #pace: Pace;
  readonly #began = performance.now();
  #states: PinnedTable[];
  /** Of the proposals at hand. The catalog gives a refusal again to whoever comes with the same key. */
  #key = new RequestKey();
  /** The answer that left open what became of the proposals at hand. */
  #doubt: CommitStateUnknown | undefined;
  /** The tables as they were after the last answer. */
  #seen: readonly LoadedTable[] = [];
  /** How often the others went by while proposals were made, whose commit was overtaken then. */
  #passedBy = 0;

  constructor(context: StatementContext, parties: readonly Party[], turn: Turn, options: { mayCompute: boolean }) {
    this.#context = context;
    this.#parties = parties;
    this.#turn = turn;
    this.#options = options;
    this.#states = parties.map(({ table }) => table);
    this.#pace = new Pace(Object.assign({}, ...parties.map(({ table }) => table.metadata.properties)));
  }

  /** What the tables are then. */
  async run(): Promise<(TableMetadata | undefined)[]> {
    // To bring a transaction's changes to a newer state is to make its commit again.
    const isAsStaged = !this.#options.mayCompute && this.#pace.triesOnce;
    if (isAsStaged) this.#states = this.#parties.map(({ table }) => table);
    else if (this.#leavesGap()) {
      const { signal } = this.#context.call;
      await sleep(Math.random() * LONGEST_GAP, undefined, { signal }).catch(() => signal.throwIfAborted());
      this.#states = await Promise.all(this.#states.map((state) => newest(this.#context, state)));
    } else this.#states = await Promise.all(this.#states.map((state) => this.#caughtUp(state)));
    for (;;) {
      const proposals = await this.#propose();
      const isDone = proposals.every((proposal) => proposal === undefined) || (await this.#send(proposals));
      if (isDone) this.#report(proposals);
      if (isDone) await this.#settle(proposals);
      if (isDone) return proposals.map((proposal) => proposal?.after);
      await this.#remove(proposals);
      if (await this.#turn.resume(this.#context.call.signal)) {
        this.#passedBy++;
        this.#states = await Promise.all(this.#parties.map(({ table }) => newest(this.#context, table)));
      } else this.#states = await Promise.all(this.#parties.map(({ table }) => this.#newest(table)));
    }
  }

  /**
   * Writers who follow each other closely would keep those of other servers out for ever, whose commits take longer to make: they have to read
   * first what these have just written.
   */
  #leavesGap(): boolean {
    const { turns } = this.#context.environment;
    if (this.#turn.inARow === 0) return false;
    const isContended = this.#parties.some(({ table }) => turns.isContended(tableKey(table.name)));
    return this.#turn.inARow % (isContended ? TURNS_AMONG_SERVERS : TURNS_ALONE) === 0;
  }

  /**
   * The table as the writers before left it. What this server knows of that spares it a question: should somebody else have committed since, the
   * catalog says so.
   */
  async #caughtUp(state: PinnedTable): Promise<PinnedTable> {
    const { turns } = this.#context.environment;
    const key = tableKey(state.name);
    if (!turns.hasCommitted(key, state.loadedAt)) return state;
    const left = turns.leftBehind(key);
    if (left?.tableUuid !== state.metadata.tableUuid) return newest(this.#context, state);
    refuseRepetition(this.#context, left);
    return withMetadata(state, left);
  }

  /** What was written is part of the tables now, or was written for nothing. */
  async #settle(proposals: readonly (Proposal | undefined)[]): Promise<void> {
    for (const [index, { pending, staged = [] }] of this.#parties.entries()) {
      for (const files of [...staged, pending]) {
        // What can't be removed is left to the journal: the statement has taken effect.
        if (proposals[index]) files.committed();
        else await files.removeAll().catch(() => undefined);
      }
    }
  }

  #report(proposals: readonly (Proposal | undefined)[]): void {
    const made = { attempts: this.#pace.attempts + 1, duration: performance.now() - this.#began, metadata: REPORTER };
    for (const [index, { table }] of this.#parties.entries()) {
      const commit = proposals[index]?.commit;
      const snapshot = commit && addedSnapshots(commit).at(-1);
      if (!snapshot) continue;
      noteWrite(this.#context.call, table, snapshot['snapshot-id']);
      reportMetrics(this.#context, table.name, commitReport({ table: displayName(table.name), snapshot, ...made }));
    }
  }

  /** True once the proposals have taken effect; false where other commits were faster, so that they have to be made again. */
  async #send(proposals: readonly (Proposal | undefined)[]): Promise<boolean> {
    this.#doubt = undefined;
    this.#key = new RequestKey();
    for (;;) {
      try {
        await this.#once(proposals);
        return true;
      } catch (error) {
        if (!(await this.#mayGoOn(error))) throw this.#doubt ?? this.#final(error);
        if (error instanceof CommitRefused && error.isOvertaken) return false;
      }
    }
  }

  /** After the wait that is due. The same commit can be sent any number of times, since it takes effect once at most. */
  async #mayGoOn(error: unknown): Promise<boolean> {
    const { signal } = this.#context.call;
    if (error instanceof CommitStateUnknown) {
      this.#doubt = error;
      return orGiveUp(this.#pace.inDoubt(signal));
    }
    if (!(error instanceof CommitRefused)) return false;
    this.#key = new RequestKey();
    if (error.isOvertaken) {
      this.#doubt = undefined;
      for (const { table } of this.#parties) this.#context.environment.turns.overtaken(tableKey(table.name));
    }
    this.#seen = error.tables;
    return error.mayPass && (await orGiveUp(this.#pace.again(error, signal)));
  }

  async #once(proposals: readonly (Proposal | undefined)[]): Promise<void> {
    this.#turn.allow(LONGEST_ANSWER);
    const commits = proposals.flatMap((proposal, index): IdentifiedCommit[] => {
      const { namespace, name } = (this.#states[index] as PinnedTable).name;
      return proposal ? [{ identifier: { namespace, name }, commit: proposal.commit }] : [];
    });
    for (const [index, { pending, staged = [] }] of this.#parties.entries()) {
      const commit = proposals[index]?.commit;
      if (commit) for (const files of [...staged, pending]) files.sending(commit);
    }
    const [first, ...others] = commits as [IdentifiedCommit];
    const catalog = catalogOf(this.#context, (this.#parties[0] as Party).table.name.catalog);
    const sending = { ...this.#pace.look, key: this.#key };
    if (others.length === 0) await catalog.commitTable(first.identifier, first.commit, sending);
    else await catalog.commitTransaction(commits, sending);
  }

  #final(error: unknown): unknown {
    if (this.#context.call.signal.aborted) return this.#context.call.signal.reason;
    if (!(error instanceof CommitRefused)) return error;
    const made = this.#states.find(({ isStaged }) => isStaged);
    if (made && error.code === 'ALREADY_EXISTS') return alreadyExists(made.name);
    if (made && this.#parties.length > 1 && ['INVALID_ARGUMENT', 'UNIMPLEMENTED', 'NOT_FOUND'].includes(error.code)) {
      const { catalog } = made.name;
      return new SkuaError(
        'UNIMPLEMENTED',
        `Catalog ${catalog} does not take CREATE TABLE in a transaction that changes other tables too: ${error.message}`,
        { cause: error },
      );
    }
    return error.code === 'ABORTED' ? lostRace(this.#states, error, this.#pace.attempts) : error;
  }

  /** The proposals of all parties, each through the storage of its state. */
  async #propose(): Promise<(Proposal | undefined)[]> {
    this.#turn.allow(LONGEST_COMPUTATION * 2 ** this.#passedBy);
    const proposals: (Proposal | undefined)[] = [];
    for (const [index, { propose, pending }] of this.#parties.entries()) {
      const state = pending.over(this.#states[index] as PinnedTable);
      proposals.push(await propose(this.#context, state, this.#options));
    }
    return proposals;
  }

  async #remove(proposals: readonly (Proposal | undefined)[]): Promise<void> {
    for (const [index, { pending }] of this.#parties.entries()) await pending.remove(proposals[index]?.written ?? []);
  }

  async #newest(table: PinnedTable): Promise<PinnedTable> {
    const { namespace, name } = table.name;
    const path = [...namespace, name].join('\n');
    const seen = this.#pace.isAtOnce
      ? this.#seen.find(({ identifier }) => [...identifier.namespace, identifier.name].join('\n') === path)
      : undefined;
    if (!seen) return newest(this.#context, table);
    return ofSameTable(this.#context, table, pinned(this.#context, table.name, seen, performance.now()));
  }
}

/** A call that ends while it waits is not tried again. */
async function orGiveUp(wait: Promise<boolean>): Promise<boolean> {
  return wait.catch(() => false);
}

/** The table as it is now. Another one of its name: ABORTED; changed by this very execution: AlreadyCommitted. */
async function newest(context: StatementContext, table: PinnedTable): Promise<PinnedTable> {
  const outside = { ...context, transaction: undefined };
  if (table.isStaged) {
    const isThere = await loadTable(outside, table.name).then(
      () => true,
      (error: unknown) => {
        if (error instanceof SkuaError && error.code === 'NOT_FOUND') return false;
        throw error;
      },
    );
    if (isThere) throw alreadyExists(table.name);
    return table;
  }
  return ofSameTable(context, table, await loadTable(outside, table.name));
}

function ofSameTable(context: StatementContext, table: PinnedTable, fresh: PinnedTable): PinnedTable {
  if (table.isStaged) throw alreadyExists(table.name);
  refuseRepetition(context, fresh.metadata);
  if (fresh.metadata.tableUuid === table.metadata.tableUuid) return carriedOver(table, fresh);
  const name = displayName(table.name);
  throw new SkuaError('ABORTED', `Table ${name} was replaced by another one of that name meanwhile; try again`);
}

export function alreadyExists(name: TableName): SkuaError {
  return new SkuaError('ALREADY_EXISTS', `Table already exists: ${displayName(name)}`);
}
