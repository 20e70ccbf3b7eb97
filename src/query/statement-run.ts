/** What is known of one run of a statement: filled as it goes on, for those who watch over the server. */
import type { EngineProfile, ScanFigures } from '../engine/contract.js';
import type { ColumnLineage } from './lineage/column-lineage.js';

export interface StatementRun {
  /** `describe`: typed and not run. */
  kind: 'describe' | 'query' | 'update' | 'ingest';
  /** Absent where rows came without a text. */
  sql: string | undefined;
  /** By the clock of `performance`, in milliseconds. */
  started: number;
  /** Ends of phases, in the order in which they came. */
  marks: PhaseMark[];
  /** Of a change. */
  affectedRows?: number;
  tables: TouchedTable[];
  /** What the engine ran, where the session asks for it; never of a statement that reads a restricted table. */
  profiles?: EngineProfile[];
  /** What the columns that it wrote are made of, where somebody asks for that; never rejected. */
  columns?: Promise<ColumnLineage[]>;
}

/** A table that a statement has read, committed to or defined. */
export interface TouchedTable {
  catalog: string;
  namespace: string[];
  table: string;
  access: 'read' | 'write' | 'define';
  /** That was read, or that came about. */
  snapshotId?: bigint;
  /** That the statement asks for. */
  columns?: string[];
  /** The catalog hides rows or masks columns of it from the caller. */
  restricted?: boolean;
  /** What the scan has come to so far; never of a restricted table. */
  figures?: () => ScanFigures | undefined;
}

export interface PhaseMark {
  /**
   * `bind`: names are resolved, tables loaded from their catalogs. `plan`: files are chosen and what is read of them is there. `start`: the engine
   * has begun. `rows`: the first rows are there.
   */
  phase: 'bind' | 'plan' | 'start' | 'rows';
  /** By the clock of `performance`, in milliseconds. */
  at: number;
}

/** Notes that a phase of the call's statement is over, where somebody watches it. */
export function markPhase({ report }: { report: { run?: StatementRun } }, phase: PhaseMark['phase']): void {
  report.run?.marks.push({ phase, at: performance.now() });
}
