import type { JsonObject } from '../request/fields.js';

/** A scan or commit that a client reported (REST specification, `ReportMetricsRequest`). */
export interface Report {
  /** `namespace.table` */
  table: string;
  /** Whose token it came with. */
  caller: string;
  report: JsonObject;
}

const KEPT = 1_000;

/** The newest 1,000 reports, newest last. */
export class ReportLog {
  #entries: Report[] = [];

  get entries(): readonly Report[] {
    return this.#entries;
  }

  clear(): void {
    this.#entries = [];
  }

  /** For the catalog that owns the log. */
  add(report: Report): void {
    this.#entries.push(report);
    if (this.#entries.length > KEPT) this.#entries.shift();
  }
}
