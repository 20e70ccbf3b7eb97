import { SkuaError } from '../../../../errors.js';
import type { ParquetSource, TableScan, UnreadableFile } from '../../contract.js';
import { deletePaths } from '../../delete-paths.js';
import type { Connection } from '../native/database.js';
import { quoteIdentifier, quoteText } from '../native/text.js';
import { attachScans } from './attach.js';

interface Reader {
  connection: Connection;
  /** Throws once the work has to stop. */
  check(): void;
}

/** Reads each file of a scan by itself, as far as it is there. */
export async function unreadableFiles(reader: Reader, scan: TableScan, emptyFile: string): Promise<UnreadableFile[]> {
  if (scan.source.kind !== 'parquet') return [];
  const { files } = scan.source;
  const unreadable: UnreadableFile[] = [];
  const read = async (path: string, work: () => Promise<void>) => {
    const reason = await reasonOf(reader, work);
    if (reason !== undefined) unreadable.push({ path, reason });
  };
  for (const [index, file] of files.entries()) {
    if (file.decoded) continue;
    await read(file.path, () => readAlone(reader.connection, alone(scan, file, index), emptyFile));
  }
  for (const path of deletePaths(files)) {
    const from = `read_parquet(${quoteText(path)}, hive_partitioning = false)`;
    await read(path, () => reader.connection.execute(readingAll(from)));
  }
  return unreadable;
}

/** Why the work fails, unless that has nothing to do with what it reads. */
async function reasonOf(reader: Reader, work: () => Promise<void>): Promise<string | undefined> {
  reader.check();
  try {
    await work();
    return undefined;
  } catch (error) {
    reader.check();
    if (!(error instanceof SkuaError) || error.code === 'CANCELLED' || error.code === 'RESOURCE_EXHAUSTED') throw error;
    return error.message;
  }
}

function alone(scan: TableScan, file: ParquetSource, index: number): TableScan {
  const { deletedPositions: _, ...rest } = file;
  const held = file.columns.filter(({ name }) => file.held?.has(name) ?? true).map(({ fieldId }) => fieldId);
  return {
    name: `file ${index} of ${scan.name}`,
    columns: scan.columns.filter(({ fieldId, computed }) => !computed && held.includes(fieldId)),
    source: { kind: 'parquet', files: [{ ...rest, positionDeletes: [], equalityDeletes: [] }] },
  };
}

async function readAlone(connection: Connection, scan: TableScan, emptyFile: string): Promise<void> {
  await attachScans(connection, [scan], emptyFile);
  const name = quoteIdentifier(scan.name);
  await connection.execute(scan.columns.length === 0 ? `SELECT count(*) FROM ${name}` : readingAll(name));
}

function readingAll(from: string): string {
  return `SELECT max(hash(COLUMNS(*))) FROM ${from}`;
}
