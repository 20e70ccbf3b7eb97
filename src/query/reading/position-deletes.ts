/** The metadata table `position_deletes`: each deleted position of the data files of a snapshot, with the columns of Iceberg's core library. */
import { batchToRows } from '../../arrow/index.js';
import type { TableReference, TableScan } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import {
  positionDeleteColumns,
  positionDeleteFiles,
  positionDeletesSchema,
  readDeletionVector,
} from '../../iceberg/index.js';
import type { DeleteFile } from '../../iceberg/types.js';
import type { StatementContext } from '../environment.js';
import { type RowsTable, rowsTable } from '../rows.js';
import { displayName, type NameContext, resolveTable } from '../tables/names.js';
import { refuseInsight } from '../tables/restricted.js';
import { loadTable, metadataCacheOf, type PinnedTable } from '../tables/tables.js';
import { travel } from '../tables/travel.js';
import { StagingArea } from './stage.js';

const NAME = /^(.+)\$position_deletes$/i;
const MOST_ROWS = 1_000_000;

/** The table that a reference means; undefined for any other name. More positions than fit in memory: RESOURCE_EXHAUSTED. */
export async function positionDeletesOf(
  context: StatementContext,
  names: NameContext,
  reference: TableReference,
): Promise<RowsTable | undefined> {
  const written = NAME.exec(reference.path.at(-1) as string)?.[1];
  if (written === undefined) return undefined;
  const name = resolveTable(names, [...reference.path.slice(0, -1), written]);
  const current = await loadTable(context, name);
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
  return rowsTable(key, positionDeletesSchema(table.metadata, table.schema), rows);
}

async function positionsOf(context: StatementContext, table: PinnedTable, file: DeleteFile): Promise<unknown[][]> {
  if (file.format === 'puffin') {
    const positions = await readDeletionVector(file, table.storage, context.call.signal);
    return Array.from(positions, (position) => [file.referencedDataFile ?? null, position]);
  }
  const { engine, directory } = await context.environment.instance(context.call);
  const area = new StagingArea(context, directory);
  try {
    const paths = await area.deleteFiles(table, [file]);
    const scan: TableScan = { name: 'deletes', columns: positionDeleteColumns, source: { kind: 'local', paths } };
    const { schema, batches } = await engine.run('SELECT file_path, pos FROM "deletes"', [scan], {
      signal: context.call.signal,
      batchBytes: context.environment.limits.batchBytes,
    });
    const rows: unknown[][] = [];
    for await (const batch of batches) rows.push(...batchToRows(schema, batch));
    return rows;
  } finally {
    await area.release();
  }
}
