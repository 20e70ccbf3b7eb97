/** A bound query, and how the engine takes it. */
import { batchToRows } from '../../arrow/index.js';
import type {
  BoundStatement,
  BoundTable,
  EngineSession,
  FunctionCorrection,
  FunctionDefinition,
} from '../../engine/contract.js';
import type { NamePin } from '../contract.js';
import { profileNotes } from '../engine-profiles.js';
import type { StatementContext } from '../environment.js';
import { reportScan } from '../metrics-report.js';
import { boundRows, type ListedTable, type RowsTable } from '../rows.js';
import { routingOf } from '../session/engine.js';
import { timeZoneOf } from '../session/time-zone.js';
import { engineTable, type PinnedTable } from '../tables/tables.js';
import type { View } from '../tables/views.js';
import { scanNotes } from '../touched-tables.js';
import { functionsFor } from './functions.js';
import type { LookUps } from './look-ups.js';
import { planningOf } from './planned-by-catalog.js';

/** A query whose every table is known. */
export interface BoundQuery {
  sql: string;
  /** Iceberg tables by binding name. */
  tables: Map<string, PinnedTable>;
  /** Tables of rows that Skua itself computes: information_schema and metadata tables. */
  rows: Map<string, RowsTable | ListedTable>;
  /** Those that answer for the session, those of the escapes, and those that the engine is not trusted with, where the text calls any. */
  functions: (FunctionDefinition | FunctionCorrection)[];
  parameterCount: number;
  /** The engine that a hint of the text names. */
  engine?: string | undefined;
  /** What was loaded for it. */
  lookUps: LookUps;
  /** The catalogs' views that it is expanded from, those too whose rows are read where they are kept. */
  views: readonly View[];
  /** The views that it is expanded from, and the variables whose values are in it. */
  namePins: NamePin[];
  /** The results of the files of its only table, taken together, are its result. */
  isDivisible?: boolean;
  /** See `BoundStatement`. */
  rowByRow?: BoundStatement['rowByRow'];
}

/** The catalogs of its tables are told of their scans. */
export function statementOf(context: StatementContext, bound: BoundQuery): BoundStatement {
  const tables: BoundTable[] = [...bound.tables].map(([name, table]) => ({
    kind: 'iceberg',
    name,
    table: {
      ...engineTable(table),
      planScan: planningOf(context, table),
      onPlanned: (scan) => reportScan(context, table, scan),
    },
  }));
  const rows = [...bound.rows.values()].map(boundRows);
  const pinned = [...bound.tables.values()];
  return {
    sql: bound.sql,
    tables: [...tables, ...rows],
    functions: bound.functions,
    salt: context.salt.hex,
    id: context.call.id,
    onStaged: scanNotes(context.call, pinned),
    onProfile: profileNotes(context.call),
    rowByRow: bound.rowByRow,
    routing: routingOf(context, bound.engine),
    timeZone: timeZoneOf(context.call.session),
  };
}

/** A text of Skua's own, or one that names just these tables. */
export function statementOver(context: StatementContext, sql: string, tables: readonly BoundTable[]): BoundStatement {
  return {
    sql,
    tables,
    functions: functionsFor(context, sql),
    salt: context.salt.hex,
    id: context.call.id,
    onProfile: profileNotes(context.call),
    timeZone: timeZoneOf(context.call.session),
  };
}

/** The rows of a small result as values. */
export async function valuesOf(
  engine: EngineSession,
  statement: BoundStatement,
  signal: AbortSignal,
): Promise<unknown[][]> {
  const { schema, batches } = await engine.run(statement, { signal, batchBytes: SMALL_BATCH });
  const rows: unknown[][] = [];
  for await (const batch of batches) rows.push(...batchToRows(schema, batch));
  return rows;
}

const SMALL_BATCH = 1 << 20;
