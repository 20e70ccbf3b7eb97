export interface ReplicasOutcome {
  /** Streams that were under way when a server was killed: how many were whole, and how many failed, by status. */
  whole: number;
  failed: Record<string, number>;
  /** Streams that ended without an error and lacked rows. */
  short: number;
  /** Sessions whose USE was forgotten afterwards. */
  namesLost: number;
  /** Statements of sessions whose first try failed since the server had just been killed. */
  triedAgain: number;
  /** Statements that were begun while two servers were restarted one after the other, and how those failed that did. */
  inRestart: number;
  failedInRestart: string[];
  /** What NGINX complained of, where any failed. */
  balancerSaid: string[];
  seconds: number;
}

export function runReplicas(options: {
  sessions: number;
  /** How often two servers are restarted. Default: once. */
  rounds?: number;
  say?: (line: string) => void;
}): Promise<ReplicasOutcome>;
