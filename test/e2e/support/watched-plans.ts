/** What a catalog is asked that plans scans. */
import type { FaultyCatalog } from './faulty-catalog.js';

/** Requests for plans and what belongs to them, by method and the end of the path, with their bodies. */
export class WatchedPlans {
  asked: { line: string; body: string }[] = [];

  /** Has the catalog work as ever, and its requests noted. */
  watch(catalog: FaultyCatalog): FaultyCatalog {
    catalog.fault = ({ method, path, body }) => {
      const end = /\/tables\/[^/]+\/(plan|tasks)(\/|$)/.exec(path)?.[1];
      if (end) this.asked.push({ line: `${method} ${end}`, body });
      return undefined;
    };
    return catalog;
  }

  get lines(): string[] {
    return this.asked.map(({ line }) => line);
  }
}
