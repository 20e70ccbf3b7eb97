/** Which tables a statement has touched, and what its scans came to: for its profile, the audit log and lineage. */
import type { BoundStatement, ScanFigures, ScanProfile } from '../engine/contract.js';
import type { Call } from './contract.js';
import type { StatementContext } from './environment.js';
import { markPhase, type TouchedTable } from './statement-run.js';
import { resolveSchema, resolveTable } from './tables/names.js';
import { namesOf as contextNames, type PinnedTable } from './tables/tables.js';

/**
 * What notes the scans of a query, where somebody watches it; the profiles are those of the tables, in order. Scans of a query that is run again,
 * for damaged files or other parameters, take the place of its earlier ones.
 */
export function scanNotes({ report }: Call, tables: readonly PinnedTable[]): BoundStatement['onStaged'] {
  const { run } = report;
  if (run === undefined) return undefined;
  let noted: readonly TouchedTable[] | undefined;
  return (profiles) => {
    if (noted === undefined) markPhase({ report }, 'plan');
    const earlier = new Set(noted);
    noted = profiles().map((profile, index) => scanned(tables[index] as PinnedTable, profile, () => profiles()[index]));
    run.tables = [...run.tables.filter((table) => !earlier.has(table)), ...noted];
  };
}

function scanned(
  table: PinnedTable,
  { columns, read }: ScanProfile,
  profile: () => ScanProfile | undefined,
): TouchedTable {
  return {
    ...namesOf(table),
    access: 'read',
    columns: [...columns],
    ...(table.snapshotId !== undefined && { snapshotId: table.snapshotId }),
    ...(read.kind === 'restricted' ? { restricted: true } : { figures: () => figuresOf(profile()) }),
  };
}

function figuresOf(profile: ScanProfile | undefined): ScanFigures | undefined {
  return profile?.read.kind === 'figures' ? profile.read : undefined;
}

/** Notes a commit to a table. */
export function noteWrite({ report }: Call, table: PinnedTable, snapshotId: bigint): void {
  report.run?.tables.push({ ...namesOf(table), access: 'write', snapshotId });
}

/** Notes what a definition is of, by its path as written: a table or view, or a schema, whose `table` is then empty. */
export function noteDefinition(context: StatementContext, path: readonly string[], isSchema: boolean): void {
  const { run } = context.call.report;
  if (run === undefined) return;
  const names = contextNames(context);
  try {
    const found = isSchema ? { ...resolveSchema(names, path), name: '' } : resolveTable(names, path);
    run.tables.push({ catalog: found.catalog, namespace: found.namespace, table: found.name, access: 'define' });
  } catch {
    // The statement itself says what is wrong with the name.
  }
}

function namesOf({ name }: PinnedTable): Pick<TouchedTable, 'catalog' | 'namespace' | 'table'> {
  return { catalog: name.catalog, namespace: name.namespace, table: name.name };
}
