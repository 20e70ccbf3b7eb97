/** Queries that were bound and described for one call and are carried on with in the next: Prepare, GetFlightInfo, DoGet. */
import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Session } from '../session/index.js';
import type { StatementRequest } from './contract.js';
import type { StatementContext } from './environment.js';
import type { DescribedQuery } from './reading/query.js';
import type { Transaction } from './tables/transaction.js';

/** Plans of all sessions. */
const MOST_PLANS = 1000;

/** What a plan hangs on besides its text and the catalog. */
interface Moment {
  /** The session's root. */
  session: object;
  transaction: Transaction | undefined;
  /** Changes of the session, and those of all sessions of this server, when binding began. */
  ownChanges: number;
  allChanges: number;
  names: string;
}

interface KeptPlan {
  sql: string;
  hasParameters: boolean;
  planned: DescribedQuery;
  moment: Moment;
}

/** A key opens a plan once: whoever runs a statement again has it planned anew. */
export class Plans {
  readonly #kept: LRUCache<string, KeptPlan> | undefined;
  readonly #changes = new WeakMap<object, number>();
  #allChanges = 0;

  /** `lifetime` in milliseconds; 0 keeps none. */
  constructor(lifetime: number) {
    this.#kept = lifetime > 0 ? new LRUCache({ max: MOST_PLANS, ttl: lifetime, ttlAutopurge: true }) : undefined;
  }

  /** Notes that a statement changed something: the session, or what its tables hold. */
  changed(session: Session): void {
    this.#allChanges++;
    this.#changes.set(session.root, (this.#changes.get(session.root) ?? 0) + 1);
  }

  /** To be taken before a plan is made. */
  moment({ call, transaction }: Pick<StatementContext, 'call' | 'transaction'>): Moment {
    const { session } = call;
    return {
      session: session.root,
      transaction,
      ownChanges: this.#changes.get(session.root) ?? 0,
      allChanges: this.#allChanges,
      names: JSON.stringify([session.catalog, session.schema]),
    };
  }

  /** The key of a plan; undefined where it has to be made anew in any case: what Skua itself computes belongs to one call. */
  keep(moment: Moment, request: StatementRequest, planned: DescribedQuery): string | undefined {
    if (!this.#kept || planned.bound.rows.size > 0) return undefined;
    const key = randomUUID();
    this.#kept.set(key, { sql: request.sql, hasParameters: hasParameters(request), planned, moment });
    return key;
  }

  /** A plan to describe the statement by: of the same session, since which nothing was changed on this server. */
  takeToDescribe(context: StatementContext, request: StatementRequest): DescribedQuery | undefined {
    const kept = this.#take(context, request);
    return kept?.moment.allChanges === this.#allChanges ? kept.planned : undefined;
  }

  /** A plan to run; it was described with the parameters that are bound. Its tables are to be as they were when it was made. */
  takeToRun(context: StatementContext, request: StatementRequest): DescribedQuery | undefined {
    const kept = this.#take(context, request);
    return kept?.hasParameters === hasParameters(request) ? kept.planned : undefined;
  }

  #take(context: StatementContext, { plan, sql }: StatementRequest): KeptPlan | undefined {
    const kept = plan === undefined ? undefined : this.#kept?.get(plan);
    if (!kept || plan === undefined) return undefined;
    this.#kept?.delete(plan);
    const now = this.moment(context);
    const isSame = (['session', 'transaction', 'ownChanges', 'names'] as const).every(
      (part) => kept.moment[part] === now[part],
    );
    return isSame && kept.sql === sql ? kept : undefined;
  }
}

function hasParameters({ parameters }: StatementRequest): boolean {
  return (parameters?.schema.fields.length ?? 0) > 0;
}
