import { setTimeout as sleep } from 'node:timers/promises';
import type { BearerToken } from '../auth/index.js';
import { SkuaError } from '../errors.js';
import { commitState, rivalOf, type Seen } from './commit-state.js';
import type { CatalogConfig } from './config.js';
import type { IdentifiedCommit, LoadedTable, Sending } from './contract.js';
import { CommitRefused, CommitStateUnknown } from './errors.js';
import { tablePath } from './paths.js';
import type { TableLoader } from './table-loader.js';
import { type CatalogRequest, ExchangeFailure, type Transport } from './transport.js';
import { addedSnapshots } from './updates.js';

const ONE_LOOK: Sending = { waits: [] };

/**
 * Commits are sent once. What became of one is asked of the tables themselves after every answer but a success: something between Skua and the
 * catalog may have sent it twice and passed on the answer to the second, which the first one made a refusal.
 */
export function createCommitter(name: string, transport: Transport, tables: TableLoader) {
  async function commit(
    token: BearerToken,
    config: CatalogConfig,
    { request, entries }: CommitRequest,
    sending: Sending,
  ): Promise<void> {
    try {
      await transport.exchange(token, { ...request, headers: sending.key?.headers(config.keyLifetime) ?? {} });
    } catch (failure) {
      if (!(failure instanceof ExchangeFailure)) throw failure;
      await settle(token, config, entries, sending, failure);
    }
  }

  /** Returns where the commit took effect all the same. */
  async function settle(
    token: BearerToken,
    config: CatalogConfig,
    entries: readonly IdentifiedCommit[],
    sending: Sending,
    failure: ExchangeFailure,
  ): Promise<void> {
    const { error, outcome, retryAfter } = failure;
    if (outcome === 'not-sent') throw new CommitRefused(error, { isOvertaken: false, mayPass: true, retryAfter });
    const found = await lookUp(token, config, entries, sending);
    const state = found && commitState(found);
    if (state === 'applied') return;
    const isUnknown = outcome === 'unknown' || state === undefined;
    if (isUnknown && state !== 'overtaken') throw unknownState(name, entries, error);
    const lostRace = failure.status === 409;
    const overtaken = state === 'overtaken' && outcome === 'unknown';
    throw new CommitRefused(overtaken ? overtakenError(error) : error, {
      isOvertaken: state === 'overtaken',
      mayPass: lostRace || overtaken || failure.status === 429,
      retryAfter,
      rival: state === 'overtaken' && found ? rivalOf(found) : undefined,
      tables: found?.flatMap(({ table }) => table ?? []) ?? [],
    });
  }

  /** Undefined where the tables can't be read. */
  async function lookUp(
    token: BearerToken,
    config: CatalogConfig,
    entries: readonly IdentifiedCommit[],
    { waits }: Sending,
  ): Promise<LoadedSeen[] | undefined> {
    for (const wait of [0, ...waits]) {
      await sleep(Math.random() * wait);
      try {
        return await Promise.all(entries.map((entry) => seen(token, config, entry)));
      } catch (failure) {
        if (!(failure instanceof ExchangeFailure)) throw failure;
        const isTransient = failure.outcome !== 'refused' || failure.status === 429;
        if (!isTransient) return undefined;
      }
    }
    return undefined;
  }

  async function seen(
    token: BearerToken,
    config: CatalogConfig,
    { identifier, commit }: IdentifiedCommit,
  ): Promise<LoadedSeen> {
    try {
      return { commit, table: await tables.load(token, config, identifier) };
    } catch (failure) {
      if (failure instanceof ExchangeFailure && failure.status === 404) return { commit, table: undefined };
      throw failure;
    }
  }

  return {
    commitTable: (token: BearerToken, config: CatalogConfig, entry: IdentifiedCommit, sending = ONE_LOOK) =>
      commit(token, config, { request: tableRequest(config, entry), entries: [entry] }, sending),

    commitTransaction: (
      token: BearerToken,
      config: CatalogConfig,
      entries: readonly IdentifiedCommit[],
      sending = ONE_LOOK,
    ) => commit(token, config, { request: transactionRequest(config, entries), entries }, sending),

    async probeTable(token: BearerToken, config: CatalogConfig, entry: IdentifiedCommit): Promise<void> {
      await transport.exchange(token, tableRequest(config, entry));
    },
  };
}

interface LoadedSeen extends Seen {
  table: LoadedTable | undefined;
}

interface CommitRequest {
  request: CatalogRequest;
  entries: readonly IdentifiedCommit[];
}

function tableRequest(config: CatalogConfig, entry: IdentifiedCommit): CatalogRequest {
  const path = tablePath(config, entry.identifier);
  return { method: 'POST', path, body: wireCommit(entry), answer: 'none', conflict: 'commit' };
}

function transactionRequest(config: CatalogConfig, entries: readonly IdentifiedCommit[]): CatalogRequest {
  const body = { 'table-changes': entries.map(wireCommit) };
  return { method: 'POST', path: `${config.root}/transactions/commit`, body, answer: 'none', conflict: 'commit' };
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

function overtakenError({ message }: SkuaError): SkuaError {
  return new SkuaError('ABORTED', `Another commit was faster, and this one can't take effect any more. ${message}`);
}

/** Names what to look for. */
function unknownState(catalog: string, entries: readonly IdentifiedCommit[], cause: SkuaError): CommitStateUnknown {
  const signs = entries.map(({ identifier, commit }) => {
    const table = [catalog, ...identifier.namespace, identifier.name].join('.');
    const ids = addedSnapshots(commit).map((snapshot) => snapshot['snapshot-id']);
    return ids.length === 0 ? `table ${table}` : `table ${table} for snapshot ${ids.join(', ')}`;
  });
  return new CommitStateUnknown(
    cause.code,
    `${cause.message} Whether the commit took effect is not known: look at ${signs.join(' and ')}. Nothing that it wrote was removed.`,
    { cause },
  );
}
