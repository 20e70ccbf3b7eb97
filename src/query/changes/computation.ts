/** The runs of one statement on one state of its table, and what becomes of them on a newer one. */
import { SkuaError } from '../../errors.js';
import { applySnapshot, prepareSnapshot } from '../../iceberg/index.js';
import type { TableMetadata } from '../../iceberg/types.js';
import type { Proposal, Propose } from '../committing/contract.js';
import { changedMeanwhile } from '../committing/lost-race.js';
import { isSameState, withMetadata } from '../committing/state.js';
import type { StatementContext } from '../environment.js';
import type { PinnedTable } from '../tables/tables.js';
import { executionSummary } from '../writing/execution.js';
import { publishedAs } from '../writing/write.js';
import type { ReturnedRows } from './returning.js';
import type { Step } from './step.js';

/** Computes one step on a state of the table. */
export type Run = (state: PinnedTable) => Promise<Step>;

type RunsOf = (context: StatementContext, base: PinnedTable) => Promise<Run[]>;

export class Computation {
  readonly #runsOf: RunsOf;
  #base: PinnedTable | undefined;
  #steps: Step[] = [];
  /** Made with the steps, and not yet handed out. */
  #proposal: Proposal | undefined;

  /** `runsOf` says what is to be done, in order, each on the state that the one before leaves. */
  constructor(runsOf: RunsOf) {
    this.#runsOf = runsOf;
  }

  get affectedRows(): number {
    return this.#steps.reduce((sum, step) => sum + step.affectedRows, 0);
  }

  /** What a statement with RETURNING answers with. */
  get returned(): ReturnedRows | undefined {
    const [first, ...others] = this.#steps.flatMap(({ returned }) => (returned ? [returned] : []));
    return first && { schema: first.schema, batches: [first, ...others].flatMap(({ batches }) => batches) };
  }

  /** Computes all runs and writes their files, and manifests too, since a later run reads what an earlier one wrote. False where nothing changes. */
  async compute(context: StatementContext, base: PinnedTable): Promise<boolean> {
    this.#base = base;
    this.#steps = [];
    const preparing = new Preparing(context, base);
    for (const run of await this.#runsOf(context, base)) {
      const step = await run(preparing.state);
      this.#steps.push(step);
      await preparing.add(step, this.affectedRows);
    }
    this.#proposal = preparing.proposal;
    return this.#proposal !== undefined;
  }

  readonly propose: Propose = async (context, state, { mayCompute }) => {
    const ready = this.#proposal;
    this.#proposal = undefined;
    const base = this.#base as PinnedTable;
    if (ready && isSameState(base.metadata, state.metadata)) return ready;
    if (ready) await state.storage.remove(ready.written);
    const rebased = await this.#rebase(context, state);
    if (rebased) return rebased;
    if (!mayCompute) throw changedMeanwhile(base, state, 'rows that the transaction read or changed');
    await state.storage.remove(this.#files());
    await this.compute(context, state);
    const computed = this.#proposal;
    this.#proposal = undefined;
    return computed;
  };

  /** The same steps on a newer state; undefined where it holds other than what they read. */
  async #rebase(context: StatementContext, state: PinnedTable): Promise<Proposal | undefined> {
    const preparing = new Preparing(context, state);
    let affectedRows = 0;
    for (const step of this.#steps) {
      if (!(await step.reads(context, preparing.state))) {
        await state.storage.remove(preparing.written);
        return undefined;
      }
      affectedRows += step.affectedRows;
      await preparing.add(step, affectedRows);
    }
    return preparing.proposal;
  }

  #files(): string[] {
    const files = this.#steps.flatMap(({ change }) => [...(change?.added ?? []), ...(change?.addedDeletes ?? [])]);
    return [...new Set(files.map(({ location }) => location))];
  }
}

/** Snapshots on top of each other. */
class Preparing {
  readonly #context: StatementContext;
  state: PinnedTable;
  readonly written: string[] = [];
  readonly #updates: Proposal['commit']['updates'] = [];
  #requirements: Proposal['commit']['requirements'] | undefined;

  constructor(context: StatementContext, base: PinnedTable) {
    this.#context = context;
    this.state = base;
  }

  /** `affectedRows` are those of all steps so far. */
  async add({ change }: Step, affectedRows: number): Promise<void> {
    if (!change) return;
    const summary = executionSummary(this.#context, affectedRows);
    const { metadata, storage } = this.state;
    if (this.state.wapId !== undefined && this.#requirements) {
      throw new SkuaError(
        'UNIMPLEMENTED',
        'A statement that is run for several rows of parameters can not be staged under wap.id; write to a branch with wap.branch',
      );
    }
    const prepared = await prepareSnapshot(metadata, publishedAs(this.state, { ...change, summary }), storage);
    this.written.push(...prepared.written);
    this.#updates.push(...prepared.updates);
    this.#requirements ??= prepared.requirements;
    this.state = { ...withMetadata(this.state, applySnapshot(metadata, prepared)), isChanged: true };
  }

  get proposal(): Proposal | undefined {
    const requirements = this.#requirements;
    if (!requirements) return undefined;
    const after: TableMetadata = this.state.metadata;
    return { commit: { requirements, updates: this.#updates }, after, written: this.written };
  }
}
