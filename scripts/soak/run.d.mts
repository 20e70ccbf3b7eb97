/** At rest: memory in MiB, handles of processes, files in the journal and below the folders of sessions. */
export interface Held {
  minute: number;
  serverMiB: number;
  /** The mean of the engine processes. */
  anEngineMiB: number;
  /** Of what batches cross in. */
  sharedMiB: number;
  engines: number;
  serverHandles: number;
  handlesOfAnEngine: number;
  journalEntries: number;
  temporaryFiles: number;
}

export interface SoakOutcome {
  /** Answers that were compared with what they had to be. */
  checked: number;
  /** Pieces of work that ended well, by kind. */
  done: Record<string, number>;
  /** Pieces of work that failed, by status. */
  failed: Record<string, number>;
  /** What must not be, in sentences. */
  problems: string[];
  harm: {
    clients: Record<string, Record<string, number>>;
    catalog: Record<string, number>;
    store?: Record<string, number>;
  };
  held: Held[];
  seconds: number;
}

export function runSoak(options: {
  minutes: number;
  seed?: number;
  store?: 'local' | 's3';
  /** Share of the requests to catalog and store that meets harm. */
  rate?: number;
  say?: (line: string) => void;
}): Promise<SoakOutcome>;
