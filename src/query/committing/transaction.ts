/** COMMIT: the changes of a transaction, all tables at once. */
import type { TableCommit, TableRequirement } from '../../catalog/index.js';
import type { StatementContext } from '../environment.js';
import { noteCommitted } from '../lineage/written-columns.js';
import type { WrittenQueries } from '../lineage/written-queries.js';
import type { StagedChange, StagedChanges } from '../tables/transaction.js';
import { commitParties, orDiscard, type Party } from './commit.js';
import type { Proposal, Propose } from './contract.js';
import { PendingFiles } from './pending-files.js';
import { isSameState, withMetadata } from './state.js';

interface StagedProposal extends StagedChange {
  propose: Propose;
  proposal: Proposal;
  pending: PendingFiles;
  written: WrittenQueries | undefined;
}

/**
 * Commits staged changes together. Where somebody else changed a table meanwhile, the changes of it are made again on its newest state, as far as
 * they still mean the same: appends, and changes of rows whose files nobody touched. Else: ABORTED, and nothing of the transaction remains.
 */
export async function commitTransaction(context: StatementContext, changes: StagedChanges): Promise<void> {
  if (changes.length === 0) return;
  // Nobody but `changeTable` stages changes.
  const parties = (changes as [StagedProposal, ...StagedProposal[]][]).map((staged) => partyOf(context, staged));
  const pending = parties.flatMap((party) => [...party.staged, party.pending]);
  await orDiscard(pending, () => commitParties({ ...context, transaction: undefined }, parties, { mayCompute: false }));
  noteCommitted(
    context,
    (changes.flat() as StagedProposal[]).map(({ written }) => written),
  );
}

function partyOf(
  { environment }: StatementContext,
  changes: [StagedProposal, ...StagedProposal[]],
): Party & { staged: PendingFiles[] } {
  const table = changes[0].state;
  const pending = new PendingFiles(table, environment.journal);
  const staged = changes.map(({ proposal }) => proposal);
  let isFresh = true;
  const propose: Propose = async (context, state, options) => {
    if (isFresh && isSameState(state.metadata, table.metadata)) {
      isFresh = false;
      return joined(staged);
    }
    if (isFresh) await pending.remove(staged.flatMap(({ written }) => written));
    isFresh = false;
    const proposals: Proposal[] = [];
    let current = state;
    for (const change of changes) {
      const proposal = await change.propose(context, current, options);
      if (!proposal) continue;
      proposals.push(proposal);
      current = withMetadata(current, proposal.after);
    }
    return joined(proposals);
  };
  return { table, propose, pending, staged: changes.map((change) => change.pending) };
}

/** Several proposals, each made of what the one before leaves, as one. */
function joined(proposals: readonly Proposal[]): Proposal | undefined {
  const last = proposals.at(-1);
  if (!last) return undefined;
  const commits = proposals.map(({ commit }) => commit);
  return {
    commit: { requirements: requirementsOf(commits), updates: commits.flatMap(({ updates }) => updates) },
    after: last.after,
    written: proposals.flatMap(({ written }) => written),
  };
}

/** What the first that asks for it asks of the table; the others ask it of the state in between. A table that is created meets nothing else. */
function requirementsOf(commits: readonly TableCommit[]): TableRequirement[] {
  const byKind = new Map<string, TableRequirement>();
  for (const requirement of commits.flatMap(({ requirements }) => requirements)) {
    const kind = 'ref' in requirement ? `${requirement.type} ${requirement.ref}` : requirement.type;
    if (!byKind.has(kind)) byKind.set(kind, requirement);
  }
  const create = byKind.get('assert-create');
  return create ? [create] : [...byKind.values()];
}
