import type { BearerToken } from '../auth/principal.js';
import type { CatalogConfig } from './config.js';
import type { LoadedTable, TableCommit, TableIdentifier } from './contract.js';
import { CommitStateUnknown } from './errors.js';
import { type TableAnswer, type TableLoader, tablePath } from './table-loader.js';
import { ExchangeFailure, type Transport } from './transport.js';

export interface IdentifiedCommit {
  identifier: TableIdentifier;
  commit: TableCommit;
}

/**
 * Commits are sent once. Where the outcome isn't known, the table tells: if it holds the snapshot, the commit took effect. If it does not,
 * the commit may still be under way, and its state stays unknown.
 */
export function createCommitter(transport: Transport, tables: TableLoader) {
  async function commitTable(token: BearerToken, config: CatalogConfig, entry: IdentifiedCommit): Promise<LoadedTable> {
    try {
      const { identifier } = entry;
      const answer = await transport.exchange(token, {
        method: 'POST',
        path: tablePath(config, identifier),
        body: wireCommit(entry),
        conflict: 'commit',
      });
      return tables.adopt(token, config, identifier, answer.body as TableAnswer);
    } catch (failure) {
      if (!isUnknown(failure)) throw failure;
      const [table] = await settle(token, config, [entry], failure);
      return table as LoadedTable;
    }
  }

  async function commitTransaction(
    token: BearerToken,
    config: CatalogConfig,
    entries: readonly IdentifiedCommit[],
  ): Promise<void> {
    try {
      await transport.exchange(token, {
        method: 'POST',
        path: `${config.root}/transactions/commit`,
        body: { 'table-changes': entries.map(wireCommit) },
        answer: 'none',
        conflict: 'commit',
      });
    } catch (failure) {
      if (!isUnknown(failure)) throw failure;
      await settle(token, config, entries, failure);
    }
  }

  /** The tables as they are, if all of them hold what was committed. */
  async function settle(
    token: BearerToken,
    config: CatalogConfig,
    entries: readonly IdentifiedCommit[],
    failure: ExchangeFailure,
  ): Promise<LoadedTable[]> {
    const unknown = () =>
      new CommitStateUnknown(`${failure.error.message} Whether the commit took effect is not known.`, {
        cause: failure.error,
      });
    let loaded: LoadedTable[];
    try {
      loaded = await Promise.all(entries.map(({ identifier }) => tables.load(token, config, identifier)));
    } catch {
      throw unknown();
    }
    const held = entries.every(({ commit }, index) => holdsSnapshots(loaded[index] as LoadedTable, commit));
    if (!held) throw unknown();
    return loaded;
  }

  return { commitTable, commitTransaction };
}

function isUnknown(failure: unknown): failure is ExchangeFailure {
  return failure instanceof ExchangeFailure && failure.outcome === 'unknown';
}

/** CommitTableRequest of the specification. */
function wireCommit({ identifier, commit }: IdentifiedCommit): unknown {
  const { namespace, name } = identifier;
  return {
    identifier: { namespace: [...namespace], name },
    requirements: commit.requirements,
    updates: commit.updates,
  };
}

/** False too for a commit that adds no snapshot: nothing in the table proves it. */
function holdsSnapshots(table: LoadedTable, commit: TableCommit): boolean {
  const added = commit.updates.flatMap((update) =>
    update.action === 'add-snapshot' ? [String((update.snapshot as Record<string, unknown>)['snapshot-id'])] : [],
  );
  const snapshots = (table.metadata as { snapshots?: Record<string, unknown>[] }).snapshots ?? [];
  const present = new Set(snapshots.map((snapshot) => String(snapshot['snapshot-id'])));
  return added.length > 0 && added.every((id) => present.has(id));
}
