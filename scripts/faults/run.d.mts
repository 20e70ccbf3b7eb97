export interface FaultsOutcome {
  acknowledged: number;
  /** Statements that failed, or whose answer never came. */
  unanswered: number;
  kills: number;
  /** Requests that met harm, by kind. */
  harm: Record<string, Record<string, number>>;
  /** Ids of acknowledged statements that are not there, of statements that are there twice, and of transactions that are there by half. */
  lost: number[];
  repeated: number[];
  halves: number[];
  /** Files that no snapshot names. */
  orphans: string[];
  seconds: number;
}

export function runFaults(options: {
  /** Acknowledged ones. */
  statements: number;
  kills: number;
  writers?: number;
  /** Share of the requests that meets harm. */
  rate?: number;
  store?: 'local' | 's3';
  seed?: number;
  say?: (line: string) => void;
}): Promise<FaultsOutcome>;
