/** Position delete files of a table (Iceberg spec, "Position Delete Files"). */
import { newDeleteLocation, positionDeleteColumns, positionDeleteFile } from '../../../iceberg/index.js';
import type { DeleteFile } from '../../../iceberg/types.js';
import { inParallel } from '../../../parallel.js';
import type { BoundStatement, PositionDeleteOptions } from '../../contract.js';
import { type Workplace, whileStaged } from '../staging/over-staged.js';
import { inFolder, writeStaged } from './local-parquet.js';
import { parquetOptionsOf, refuseOtherWriters } from './properties.js';

/** Uploads at a time. */
const FILES_AT_A_TIME = 8;

/** Sorted by file and position, as the specification has it. */
export function writePositionDeletes(
  place: Workplace,
  statement: BoundStatement,
  { signal, table: { metadata, storage }, files, eachByItself, targetFileSize }: PositionDeleteOptions,
): Promise<DeleteFile[]> {
  refuseOtherWriters(metadata);
  return inFolder(place, async (folder) => {
    const written = await whileStaged(place, statement, { signal }, (staged) =>
      writeStaged(staged, folder, {
        signal,
        columns: positionDeleteColumns,
        partitions: eachByItself ? [{ name: 'file', expression: 'c0' }] : [],
        sortedBy: ['c0', 'c1'],
        ...parquetOptionsOf(metadata, targetFileSize, 'deletes'),
      }),
    );
    const byLocation = new Map(files.map((file) => [file.location, file]));
    return inParallel(written, FILES_AT_A_TIME, async (file) => {
      const location = newDeleteLocation(metadata, 'parquet');
      await storage.upload(location, file.path, signal);
      const own = eachByItself ? byLocation.get(file.partition[0] ?? '') : undefined;
      return positionDeleteFile(file, location, own ? [own] : files);
    });
  });
}
