/** Plans of scans that clients have asked for, and what they have not fetched yet. */
import { randomUUID } from 'node:crypto';
import { RestError } from '../request/error.js';
import type { JsonObject } from '../request/fields.js';

/** How the catalog plans, for tests of what clients have to be ready for. */
export interface PlanningOptions {
  /** Milliseconds for which a plan is only submitted. Default 0: plans are completed at once. */
  delay?: number;
  /** File scan tasks of one page. Default 1000. */
  pageSize?: number;
  /** Data and delete files are named by addresses that open them. Default false. */
  signed?: boolean;
  /** Seconds for which such an address is good. Default 900. */
  signedFor?: number;
}

const LARGEST_PLAN_COUNT = 1_000;

export interface Plan {
  table: string;
  caller: string;
  /** What the plan comes to. */
  result: Promise<JsonObject>;
  readyAt: number;
  isCancelled: boolean;
}

/** The plans of a catalog and the pages that are still to be fetched, in memory, oldest first. */
export class ScanPlans {
  readonly #plans = new Map<string, Plan>();
  readonly #pages = new Map<string, { caller: string; page: JsonObject }>();

  constructor(readonly options: PlanningOptions) {}

  /** Plans that were neither fetched as a whole nor cancelled. */
  get open(): number {
    return this.#plans.size;
  }

  add(plan: Plan): string {
    const id = randomUUID();
    this.#plans.set(id, plan);
    forgetOldest(this.#plans);
    return id;
  }

  /** 404 for a plan that is not there, of another table or of another caller. */
  get(id: string, table: string, caller: string): Plan {
    const plan = this.#plans.get(id);
    if (plan?.table === table && plan.caller === caller) return plan;
    throw new RestError(404, 'NoSuchPlanIdException', `Plan id does not exist: ${id}`);
  }

  remove(id: string): void {
    this.#plans.delete(id);
  }

  addPage(caller: string, page: JsonObject): string {
    const task = randomUUID();
    this.#pages.set(task, { caller, page });
    forgetOldest(this.#pages);
    return task;
  }

  page(task: string, caller: string): JsonObject {
    const found = this.#pages.get(task);
    if (found?.caller === caller) return found.page;
    throw new RestError(404, 'NoSuchPlanTaskException', `Plan task does not exist: ${task}`);
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (oldest !== undefined && map.size > LARGEST_PLAN_COUNT) map.delete(oldest);
}
