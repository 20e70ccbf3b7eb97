export class Random {
  constructor(next: () => number);
  pick<T>(items: readonly T[]): T;
  chance(share: number): boolean;
}

/** A field of a schema as the metadata has it. */
export interface PolicyField {
  id: number;
  name: string;
}

export interface Restrictions {
  /** The text of `read-restrictions`. */
  json: string;
}

export interface RestrictedState {
  metadata: unknown;
  fields: readonly PolicyField[];
  rows: readonly unknown[][];
}

export const SALTED: symbol;
export function fieldsAt(metadata: unknown, snapshotId: string | undefined): PolicyField[];
export function rowOf(fields: readonly PolicyField[], row: readonly unknown[]): unknown[];
export function randomRestrictions(random: Random, table: RestrictedState): Restrictions;
export function seen(
  restrictions: Restrictions,
  fields: readonly PolicyField[],
  rows: readonly unknown[][],
): unknown[][] | undefined;
export function isReadable(
  restrictions: Restrictions,
  now: readonly PolicyField[],
  then: readonly PolicyField[],
): boolean | undefined;
export function holdsSalted(value: unknown): boolean;
export function rowsProblem(
  fields: readonly PolicyField[],
  found: { error?: unknown; rows?: readonly unknown[][] },
  wanted: unknown[][] | 'refused' | undefined,
): string | undefined;

/** Stands before a catalog. */
export class Relay {
  static start(uri: string, user: string): Promise<Relay>;
  uri: string;
  /** Whether the catalog demands of the user to plan scans. */
  planned: boolean;
  /** JSON text for the user, by table. */
  restrictions: Map<string, string>;
  stop(): Promise<void>;
}
