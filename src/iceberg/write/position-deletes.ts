/** Position delete files (Iceberg spec, "Position Delete Files"). */
import { Field, Int64, Utf8 } from 'apache-arrow';
import type { TableColumn } from '../../expressions/index.js';
import type { WrittenFile } from '../../parquet/index.js';
import { deletePathFieldId } from '../plan/delete-index.js';
import type { DataFile, DeleteFile } from '../types.js';
import { encodeValue } from '../values/single-value.js';

const positionFieldId = 2147483545;

/** The columns of a position delete file. */
export const positionDeleteColumns: TableColumn[] = [
  { field: new Field('file_path', new Utf8(), false), fieldId: deletePathFieldId },
  { field: new Field('pos', new Int64(), false), fieldId: positionFieldId },
];

/** Data files whose deleted positions may be in one file: those of one partition of one spec. */
export type DeletedFiles = readonly [DataFile, ...DataFile[]];

/** What the table's metadata says of a file that the engine wrote. Bounds of paths are whole, so that readers can tell which data files it is about. */
export function positionDeleteFile(written: WrittenFile, location: string, files: DeletedFiles): DeleteFile {
  const [{ specId, partition, location: first }] = files;
  const paths = files.map((file) => Buffer.from(file.location)).sort(Buffer.compare);
  const position = written.columns.find(({ path }) => path[0] === 'pos');
  const bound = (text: string | undefined) =>
    text === undefined
      ? []
      : [[positionFieldId, encodeValue({ kind: 'primitive', type: 'long' }, BigInt(text))] as const];
  return {
    content: 'position-deletes',
    location,
    format: 'parquet',
    specId,
    partition,
    recordCount: written.rowCount,
    fileSize: written.fileSize,
    columnSizes: new Map(
      written.columns.map(({ path, columnSize }) => [
        path[0] === 'pos' ? positionFieldId : deletePathFieldId,
        columnSize,
      ]),
    ),
    valueCounts: new Map([deletePathFieldId, positionFieldId].map((id) => [id, written.rowCount])),
    nullCounts: new Map([deletePathFieldId, positionFieldId].map((id) => [id, 0])),
    lowerBounds: new Map([[deletePathFieldId, paths[0] as Buffer], ...bound(position?.min)]),
    upperBounds: new Map([[deletePathFieldId, paths.at(-1) as Buffer], ...bound(position?.max)]),
    splitOffsets: written.rowGroupOffsets,
    ...(files.length === 1 && { referencedDataFile: first }),
  };
}
