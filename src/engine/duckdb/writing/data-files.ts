/** Data files of a table: written locally, then uploaded through the table's storage. */
import { dataFileFromWritten, newDataLocation, tableColumns } from '../../../iceberg/index.js';
import type { DataFile } from '../../../iceberg/types.js';
import { inParallel } from '../../../parallel.js';
import type { BoundStatement, WriteOptions } from '../../contract.js';
import { type Workplace, whileStaged } from '../staging/over-staged.js';
import { annotate } from './annotations.js';
import { writeLayout } from './layout.js';
import { inFolder, writeStaged } from './local-parquet.js';
import { bloomFiltersOf, parquetOptionsOf, refuseOtherWriters } from './properties.js';

export function writeDataFiles(
  place: Workplace,
  statement: BoundStatement,
  { table, columns = tableColumns(table.schema), checked, targetFileSize, order, ...input }: WriteOptions,
): Promise<DataFile[]> {
  const { metadata, schema, storage } = table;
  refuseOtherWriters(metadata);
  const { sortOrderId, ...layout } = writeLayout(metadata, schema, order);
  return inFolder(place, async (folder) => {
    const written = await whileStaged(place, statement, input, (staged) =>
      writeStaged(staged, folder, {
        ...input,
        columns: [...columns],
        unknown: 'leave out',
        checked,
        ...layout,
        ...parquetOptionsOf(metadata, targetFileSize, 'data'),
        bloomFilters: bloomFiltersOf(metadata, schema),
      }),
    );
    return inParallel(written, uploadsAtATime(written.length), async (file) => {
      const location = newDataLocation(metadata, file.partition);
      const data = dataFileFromWritten(await annotate(schema, file), location, metadata, sortOrderId);
      await storage.upload(data.location, file.path, input.signal);
      return data;
    });
  });
}

/** Many files are small ones, of partitions with few rows each; a few large ones are uploaded in parts besides. */
function uploadsAtATime(files: number): number {
  return files > 64 ? 16 : 4;
}
