/** What a statement would read, by the metadata of its tables alone. */
import type { BoundStatement, ScanProfile, StatementOptions } from '../../contract.js';
import type { ScanDemand } from '../contract.js';
import type { Workplace } from './over-staged.js';
import { planTable } from './plan-table.js';
import { readableTable } from './readable-table.js';
import { demandsOf } from './stage-statement.js';

/** One profile for each Iceberg table, in order. Files that join keys would prune are still in it. */
export async function planStatement(
  { engine, caches }: Workplace,
  statement: BoundStatement,
  input: StatementOptions,
): Promise<ScanProfile[]> {
  const demands = await demandsOf(engine, statement, input);
  const tables = statement.tables.flatMap((bound) => (bound.kind === 'iceberg' ? [bound] : []));
  return Promise.all(
    tables.map(async ({ name, table }): Promise<ScanProfile> => {
      const demand: ScanDemand = demands.find((each) => each.table === name) ?? { table: name, columns: [], limit: 0 };
      const { barrier } = readableTable(table, statement);
      if (barrier) {
        const read = { filtersRows: barrier.condition !== undefined, masked: barrier.maskedFields };
        return { columns: demand.columns, read: { kind: 'restricted', ...read } };
      }
      const { statistics: plan } = await planTable(table, demand, caches, { signal: input.signal });
      const nothing = {
        joinKeys: [],
        filesUnread: 0,
        rowGroups: 0,
        rowGroupsSkipped: 0,
        bytesFetched: 0,
        bytesCached: 0,
      };
      return { columns: demand.columns, read: { kind: 'figures', plan, filesRead: plan.filesPlanned, ...nothing } };
    }),
  );
}
