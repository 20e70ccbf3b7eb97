/** What the tables of `system.runtime` hold, and who gives it. */
import type { Principal } from '../../auth/index.js';
import type { ErrorCode } from '../../errors.js';

/** What an entry of any kind tells. All of it can be written as JSON. */
interface Entry {
  /** Address of the server that it is of; undefined where a server stands alone. */
  server?: string | undefined;
}

/** A statement that waits, runs or has ended. */
export interface StatementEntry extends Entry {
  id: string;
  /** The principal's name, issuer and subject. */
  user: string;
  issuer: string;
  subject: string;
  state: 'QUEUED' | 'PLANNING' | 'RUNNING' | 'FINISHED' | 'FAILED' | 'CANCELLED';
  /** Kind of statement: `SELECT`, `INSERT`, … */
  statement?: string | undefined;
  sql?: string | undefined;
  rpc: string;
  /** Of the client's end of the connection. */
  address: string;
  /** Milliseconds since the epoch. */
  started: number;
  ended?: number | undefined;
  /** Milliseconds. */
  queued: number;
  total: number;
  /** Rows and bytes of the result that were sent, and rows that were changed. */
  rows?: number | undefined;
  bytes?: number | undefined;
  affectedRows?: number | undefined;
  code?: ErrorCode | undefined;
  message?: string | undefined;
  phases: { phase: string; from: number; duration: number }[];
  tables: TouchedEntry[];
  /** The most bytes that its session had on disk meanwhile, of what did not fit in memory; where the statement was profiled. */
  spilled?: number | undefined;
  /** Each plan that the engine ran, from its root on, an operator before those that it has its rows from; where the statement was profiled. */
  operators?: OperatorEntry[] | undefined;
}

export interface OperatorEntry {
  /** Number of the plan, from 1. */
  plan: number;
  /** Number of the operator in its plan, from 1, and of the one that takes its rows. */
  operator: number;
  parent?: number | undefined;
  name: string;
  table?: string | undefined;
  details: string;
  estimatedRows?: number | undefined;
  rows?: number | undefined;
  /** Of all threads together. */
  milliseconds?: number | undefined;
}

export interface TouchedEntry {
  /** `catalog.schema.table` */
  table: string;
  access: 'read' | 'write' | 'define';
  /** In decimal. */
  snapshot?: string | undefined;
  columns?: string[] | undefined;
  /** The catalog hides rows or masks columns of it from the principal, so that nothing is counted. */
  restricted?: boolean | undefined;
  scan?: ScanEntry | undefined;
}

export interface ScanEntry {
  manifestsTotal: number;
  manifestsRead: number;
  filesTotal: number;
  filesPlanned: number;
  /** `12 by partition, 3 by statistics` */
  pruned: string;
  deleteFiles: number;
  bytesPlanned: number;
  fetchedBytes: number;
  cachedBytes: number;
  rowGroups: number;
  rowGroupsSkipped: number;
}

export interface SessionEntry extends Entry {
  issuer: string;
  subject: string;
  catalog: string | undefined;
  schema: string | undefined;
  isDefault: boolean;
  calls: number;
  /** Milliseconds since the epoch. */
  lastUsed: number;
  expires: number;
}

export interface NodeEntry extends Entry {
  kind: 'server' | 'engine';
  /** Of a server that did not answer, nothing is known. */
  pid: number | undefined;
  role: string;
  version: string | undefined;
  started: number | undefined;
  sessions: number | undefined;
  requests: number | undefined;
  memory: number | undefined;
}

export interface CacheEntry extends Entry {
  cache: string;
  hits: number;
  misses: number;
  bytes: number;
}

export interface SettingEntry {
  key: string;
  /** As it would be written in the file; secrets are not shown. */
  value: string | undefined;
  default: string | undefined;
  description: string;
}

/** What the server tells a principal of itself: what is the principal's own, and to operators what is everybody's. */
export interface SystemSource {
  statements(principal: Principal): Promise<StatementEntry[]>;
  sessions(principal: Principal): Promise<SessionEntry[]>;
  nodes(principal: Principal): Promise<NodeEntry[]>;
  caches(principal: Principal): Promise<CacheEntry[]>;
  settings(principal: Principal): SettingEntry[];
  /** Stops a statement that the principal may see. False where there is no such statement, or it has ended. */
  stop(principal: Principal, id: string): Promise<boolean>;
}

/** What servers ask one another in the name of a caller. */
export type SystemQuestion = { list: 'statements' | 'sessions' | 'nodes' | 'caches' } | { stop: string };
