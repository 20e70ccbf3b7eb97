/** The metadata table `position_deletes`: each deleted position of the data files of a snapshot, with the columns of Iceberg's core library. */
import type { BoundTable, TableReference } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import { positionDeleteFiles, positionDeletesSchema } from '../../iceberg/index.js';
import type { DeleteFile } from '../../iceberg/types.js';
import type { StatementContext } from '../environment.js';
import { type RowsTable, rowsTable } from '../rows.js';
import type { ReferenceScope } from '../tables/metadata-tables.js';
import { datasetName, displayName, referencedBy, resolveTable } from '../tables/names.js';
import { refuseInsight } from '../tables/restricted.js';
import { engineTable, loadTable, metadataCacheOf, type PinnedTable } from '../tables/tables.js';
import { travel } from '../tables/travel.js';
import { statementOver, valuesOf } from './bound-query.js';

const NAME = /^(.+)\$position_deletes$/i;
const MOST_ROWS = 1_000_000;

/** The table that a reference means; undefined for any other name. More positions than fit in memory: RESOURCE_EXHAUSTED. */
export async function positionDeletesOf(
  context: StatementContext,
  { names, views }: ReferenceScope,
  reference: TableReference,
): Promise<RowsTable | undefined> {
  const written = NAME.exec(reference.path.at(-1) as string)?.[1];
  if (written === undefined) return undefined;
  const name = resolveTable(names, [...reference.path.slice(0, -1), written]);
  const current = await loadTable(context, name, { referencedBy: referencedBy(name, views) });
  refuseInsight(current, 'Metadata table $position_deletes');
  const table = reference.at ? travel(current, reference.at) : current;
  const source = { storage: table.storage, cache: metadataCacheOf(context, table), signal: context.call.signal };
  const files = await positionDeleteFiles(table.metadata, { ...source, snapshotId: table.snapshotId });
  const count = files.reduce((sum, { file }) => sum + file.recordCount, 0);
  if (count > MOST_ROWS) {
    throw new SkuaError(
      'RESOURCE_EXHAUSTED',
      `${displayName(name)}$position_deletes has ${count} rows, and at most ${MOST_ROWS} can be read; ${displayName(name)}$delete_files has their files`,
    );
  }
  const rows: unknown[][] = [];
  for (const { file, rest } of files) {
    for (const [path, position] of await positionsOf(context, table, file)) rows.push([path, position, null, ...rest]);
  }
  const key = `${displayName(name)}$position_deletes@${table.snapshotId ?? ''}`;
  const origin = { catalog: name.catalog, dataset: `${datasetName(name)}$position_deletes` };
  return rowsTable(key, positionDeletesSchema(table.metadata, table.schema), rows, origin);
}

async function positionsOf(context: StatementContext, table: PinnedTable, file: DeleteFile): Promise<unknown[][]> {
  const deletes: BoundTable = { kind: 'position-deletes', name: 'deletes', table: engineTable(table), files: [file] };
  const statement = statementOver(context, 'SELECT file_path, pos FROM "deletes"', [deletes]);
  return valuesOf(await context.environment.engine(context.call), statement, context.call.signal);
}
