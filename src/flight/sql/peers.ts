/** The servers that answer beside this one. */
import type { BearerToken } from '../../auth/index.js';
import type { StatementDescription } from '../../query/contract.js';
import { Rendezvous } from '../../rendezvous.js';
import type { CancelStatus, FlightDescriptor, FlightInfo, PollInfo } from '../messages.js';
import { REUSE_CONNECTION } from './endpoint.js';

export interface Peer {
  readonly address: string;
  cancel(token: BearerToken, info: FlightInfo): Promise<CancelStatus | undefined>;
  poll(token: BearerToken, descriptor: FlightDescriptor, signal: AbortSignal): Promise<PollInfo>;
}

export interface Peers {
  /** Address of this one. */
  readonly own: string;
  /** Addresses of all that serve at this moment, this one's too, in one order at all of them. */
  readonly serving: readonly string[];
  /** The others that serve. */
  readonly others: readonly Peer[];
}

export interface Dividing {
  peers: Peers;
  /** Bytes of data files from which a query is divided. Infinite where none is. */
  divideFrom: number;
}

/** A ticket holds the addresses of all that share a query. */
const MOST_SERVERS = 64;

/**
 * The servers among which a query is divided, where it pays: for one table always the same, as long as they serve, so that each keeps what it
 * has cached of it. None for a query that one server answers.
 */
export function sharersOf(dividing: Dividing | undefined, description: StatementDescription): readonly string[] {
  if (dividing === undefined || description.kind !== 'query') return [];
  const { divisibleBytes, pins } = description;
  if (divisibleBytes === undefined || divisibleBytes < dividing.divideFrom) return [];
  const { serving } = dividing.peers;
  if (serving.length < 2) return [];
  if (serving.length <= MOST_SERVERS) return serving;
  return new Rendezvous(serving).ownersOf(pins.map(({ tableUuid }) => tableUuid).join(), MOST_SERVERS).sort();
}

/**
 * Where a share of a divided query is fetched: where its files belong and are cached. Any server answers for any share, so that one that has gone is
 * no loss.
 */
export function shareLocations(server: string, locations: readonly string[]): string[] {
  return [server, ...locations, REUSE_CONNECTION];
}

/** What the others say of a flight that is not known here; where they differ, what was still to do says more. */
export async function cancelElsewhere(
  peers: Peers | undefined,
  token: BearerToken,
  info: FlightInfo,
): Promise<CancelStatus | undefined> {
  const answers = await Promise.all((peers?.others ?? []).map((peer) => peer.cancel(token, info)));
  const statuses: CancelStatus[] = [
    'CANCEL_STATUS_CANCELLING',
    'CANCEL_STATUS_NOT_CANCELLABLE',
    'CANCEL_STATUS_CANCELLED',
  ];
  return statuses.find((status) => answers.includes(status));
}
